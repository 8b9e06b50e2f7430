-- A draft that became a version, one that waits, and a set that runs beside.
INSERT INTO rule_sets (hash, source, author, comment, published_at, draft, approved_by, restores) VALUES
    ('5f7fa4716fb043e0895d99ab9a28603cec476d48b1eb69a6f05337ea4c89a4dc', 'version: 1
# it''s the first
', 'ana', 'back', '2026-03-06 12:00:00+00', 0, '', 1);
INSERT INTO rule_drafts (name, base, source, author, authors, comment, state, hash, approved_by, version, created_at, updated_at, revision) VALUES
    ('higher limits', 0, 'version: 1', 'ana', '{ana,ben}', 'why', 'published', '5f7fa4716fb043e0895d99ab9a28603cec476d48b1eb69a6f05337ea4c89a4dc', 'mo', 1, '2026-03-06 12:00:00+00', '2026-03-06 12:30:00+00', 4),
    ('half done', 1, 'rules: [', 'ana', '{ana}', '', 'draft', '', '', 0, '2026-03-06 12:00:00+00', '2026-03-06 12:30:00+00', 1);
INSERT INTO rule_events (at, actor, kind, draft, version, hash, comment) VALUES
    ('2026-03-06 12:00:00.123456+00', 'ana', 'drafted', 1, 0, '', 'why'),
    ('2026-03-06 12:30:00+00', 'mo', 'published', 1, 1, '5f7fa4716fb043e0895d99ab9a28603cec476d48b1eb69a6f05337ea4c89a4dc', 'why');
INSERT INTO rule_shadows (hash, name, source, author, comment, started_at, stopped_at, stopped_by) VALUES
    ('09bfcc6a14b83e2192b8673677725c84883ee9cd0c70e45c9ec09daa8f2b2847', 'trial', 'version: 1
', 'ana', '', '2026-03-06 12:00:00+00', '2026-03-06 13:00:00+00', 'mo'),
    ('09bfcc6a14b83e2192b8673677725c84883ee9cd0c70e45c9ec09daa8f2b2847', 'trial', 'version: 1
', 'ana', 'again', '2026-03-06 14:00:00+00', NULL, '');
INSERT INTO shadow_results (shadow_id, case_id, at, live, shadow, differs, fields, amount, currency)
SELECT 2, id, '2026-03-06 14:30:00+00', '{"rule": "rest", "queue": "all"}', '{"rule": "rest", "queue": "senior"}', true, '{queue}', 12900, 'USD' FROM cases ORDER BY id LIMIT 1;
