-- A set, another, and the first again.
INSERT INTO letter_sets (hash, name, language, source, author, comment, published_at) VALUES
    ('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', 'standard', 'en', '{}', 'ana', '', '2026-03-05 08:00:00+00'),
    ('c8a75c0c4a1d7e8ce1dc27a3a1d4aeb9d1d9e1fdb1e5b1f4b54e1b9f9ecf1c11', 'standard', 'de', '{"set.yaml": ""}', 'ben', 'our own words', '2026-03-05 09:00:00.123456+00'),
    ('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a', 'standard', 'en', '{}', 'ana', 'back', '2026-03-05 10:00:00+00');
