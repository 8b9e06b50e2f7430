INSERT INTO evidence_items (case_id, source, id, kind, title, facts, media_type, file_name, blob, log, rank) VALUES
    ('cs_62l3oxq57ct47dx3', 'shipbob', 'shipment:1', 'delivery', 'Tracking', '{"carrier": "UPS"}', '', '', '{"key": "", "size": 0, "sha256": "", "media_type": ""}',
     '[{"at": "2026-03-02T09:00:00Z", "what": "Handed to the carrier"}]', 1);
