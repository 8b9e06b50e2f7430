-- Two versions of the rules.
INSERT INTO rule_sets (hash, source, author, comment, published_at) VALUES
    ('5f7fa4716fb043e0895d99ab9a28603cec476d48b1eb69a6f05337ea4c89a4dc', 'version: 1
# it''s the first
', 'ana', 'first', '2026-03-04 12:00:00+00'),
    ('09bfcc6a14b83e2192b8673677725c84883ee9cd0c70e45c9ec09daa8f2b2847', 'version: 1
', 'bob', '', '2026-03-04 12:00:00+00');
