-- Rows for a tenant's database: :size clients of the studio :tenant and what follows from them.
-- The same tenant and size give the same rows. For psql.
BEGIN;
SELECT set_config('demo.tenant', :'tenant', true);

-- The id of the n-th row of a kind, and a moment n hours into the studio's life.
CREATE FUNCTION pg_temp.key(kind text, n bigint) RETURNS uuid LANGUAGE sql
    AS $$ SELECT md5(current_setting('demo.tenant') || ' ' || kind || ' ' || n)::uuid $$;
CREATE FUNCTION pg_temp.moment(n bigint) RETURNS timestamptz LANGUAGE sql
    AS $$ SELECT timestamptz '2025-12-16 09:00+00' + n * interval '1 hour' $$;

INSERT INTO settings (key, value, updated_at) VALUES
    ('invoice.prefix', '"INV"', pg_temp.moment(0)),
    ('invoice.tax_rate', '20', pg_temp.moment(0)),
    ('studio.name', to_jsonb(:'tenant'::text), pg_temp.moment(0));

INSERT INTO clients (id, type, name, email, phone, company, address, tags, created_at, updated_at)
SELECT pg_temp.key('client', n), (CASE n % 3 WHEN 0 THEN 'company' ELSE 'individual' END)::client_type,
    'Client ' || n, 'client' || n || '@' || replace(:'tenant', '_', '-') || '.example', '+33 1 ' || 40000000 + n,
    CASE n % 3 WHEN 0 THEN 'Records ' || n END, jsonb_build_object('city', 'Lyon', 'zip', 69000 + n % 9),
    CASE n % 4 WHEN 0 THEN '{vip}'::text[] ELSE '{}'::text[] END, pg_temp.moment(n), pg_temp.moment(n)
FROM generate_series(1, :size) AS n;

INSERT INTO client_notes (client_id, author, body, pinned, created_at)
SELECT pg_temp.key('client', n), 'Engineer 1', E'Prefers the evening.\nNote no. ' || n, n % 5 = 0, pg_temp.moment(n)
FROM generate_series(1, :size) AS n;

INSERT INTO rooms (name, hourly_rate, capacity, features, created_at) VALUES
    ('Live room', 60, 12, '{piano,drums}', pg_temp.moment(0)),
    ('Booth', 35, 2, '{vocals}', pg_temp.moment(0)),
    ('Mix suite', 50, 4, '{atmos}', pg_temp.moment(0));

INSERT INTO equipment (id, room_id, name, brand, serial_number, purchased_on, purchase_price, specs, created_at)
SELECT pg_temp.key('equipment', n), 1 + n % 3, 'Microphone ' || n, 'Acme', 'SN-' || lpad(n::text, 5, '0'),
    date '2024-01-01' + n::integer, 199 + n * 10, jsonb_build_object('pattern', 'cardioid', 'pad_db', n % 20),
    pg_temp.moment(0)
FROM generate_series(1, 15) AS n;

INSERT INTO talents (id, name, instrument, day_rate, skills, rating, created_at)
SELECT pg_temp.key('talent', n), 'Musician ' || n, (ARRAY['guitar', 'bass', 'drums', 'piano'])[1 + n % 4], 200 + n,
    '{sight-reading}', 3.5 + (n % 3) * 0.5, pg_temp.moment(0)
FROM generate_series(1, 10) AS n;

INSERT INTO projects (id, client_id, name, status, genre, budget, due_on, metadata, created_at, updated_at)
SELECT pg_temp.key('project', n), pg_temp.key('client', n), 'Album ' || n, 'recording', 'jazz', 1500 + 10 * n,
    date '2026-03-01' + n::integer, '{"format": "LP"}', pg_temp.moment(n), pg_temp.moment(n)
FROM generate_series(1, :size / 2) AS n;

INSERT INTO project_members (project_id, talent_id, role, share_percent)
SELECT pg_temp.key('project', n), pg_temp.key('talent', 1 + n % 10), 'musician', 12.5
FROM generate_series(1, :size / 2) AS n;

INSERT INTO sessions (id, client_id, room_id, project_id, title, status, starts_at, ends_at, hourly_rate, created_at, updated_at)
SELECT pg_temp.key('session', n), pg_temp.key('client', n), 1 + n % 3,
    CASE WHEN n <= :size / 2 THEN pg_temp.key('project', n) END, 'Session ' || n, 'completed',
    pg_temp.moment(24 * n), pg_temp.moment(24 * n + 4), 60, pg_temp.moment(n), pg_temp.moment(n)
FROM generate_series(1, :size) AS n;

INSERT INTO session_equipment (session_id, equipment_id)
SELECT pg_temp.key('session', n), pg_temp.key('equipment', 1 + n % 15) FROM generate_series(1, :size) AS n;
INSERT INTO session_talents (session_id, talent_id, fee)
SELECT pg_temp.key('session', n), pg_temp.key('talent', 1 + n % 10), 150 FROM generate_series(1, :size) AS n;

INSERT INTO tracks (id, project_id, position, title, status, duration, bpm, musical_key, created_at)
SELECT pg_temp.key('track', 10 * n + k), pg_temp.key('project', n), k, 'Track ' || k, 'recorded',
    make_interval(secs => 180 + n + k), 90 + k, 'Am', pg_temp.moment(n)
FROM generate_series(1, :size / 2) AS n, generate_series(1, 3) AS k;

INSERT INTO track_versions (id, track_id, version, label, created_at)
SELECT pg_temp.key('version', 10 * n + k), pg_temp.key('track', 10 * n + k), 1, 'Rough mix', pg_temp.moment(n)
FROM generate_series(1, :size / 2) AS n, generate_series(1, 3) AS k;

INSERT INTO audio_files (id, track_version_id, storage_key, size_bytes, sha256, waveform, created_at)
SELECT pg_temp.key('file', 10 * n + k), pg_temp.key('version', 10 * n + k), :'tenant' || '/' || n || '/' || k || '.wav',
    50000000 + n * 1000 + k, sha256(convert_to(:'tenant' || n || k, 'UTF8')), ARRAY[0, 0.5, -0.25, n::real], pg_temp.moment(n)
FROM generate_series(1, :size / 2) AS n, generate_series(1, 3) AS k;

INSERT INTO track_credits (track_id, talent_id, credit)
SELECT pg_temp.key('track', 10 * n + 1), pg_temp.key('talent', 1 + n % 10), 'Performer' FROM generate_series(1, :size / 2) AS n;

INSERT INTO file_shares (id, audio_file_id, client_id, token, created_at)
SELECT pg_temp.key('share', n), pg_temp.key('file', 10 * n + 1), pg_temp.key('client', n), md5(:'tenant' || n), pg_temp.moment(n)
FROM generate_series(1, :size / 2) AS n;

INSERT INTO quotes (id, client_id, project_id, number, status, total, valid_until, created_at, updated_at)
SELECT pg_temp.key('quote', n), pg_temp.key('client', n), pg_temp.key('project', n), 'Q-2025-' || lpad(n::text, 4, '0'),
    'accepted', 480, date '2026-02-01', pg_temp.moment(n), pg_temp.moment(n)
FROM generate_series(1, :size / 2) AS n;
INSERT INTO quote_items (quote_id, description, quantity, unit_price)
SELECT pg_temp.key('quote', n), 'Recording day', 1, 480 FROM generate_series(1, :size / 2) AS n;

-- Every second invoice is paid.
INSERT INTO invoices (id, client_id, number, status, issued_on, due_on, subtotal, total, paid_at, created_at, updated_at)
SELECT pg_temp.key('invoice', n), pg_temp.key('client', n), 'INV-2025-' || lpad(n::text, 4, '0'),
    (CASE n % 2 WHEN 0 THEN 'paid' ELSE 'sent' END)::invoice_status, date '2025-12-20', date '2026-01-20', 240, 288,
    CASE n % 2 WHEN 0 THEN pg_temp.moment(100 + n) END, pg_temp.moment(n), pg_temp.moment(n)
FROM generate_series(1, :size) AS n;
INSERT INTO invoice_items (invoice_id, session_id, description, quantity, unit_price)
SELECT pg_temp.key('invoice', n), pg_temp.key('session', n), 'Studio, per hour', 4, 60 FROM generate_series(1, :size) AS n;
INSERT INTO payments (id, invoice_id, method, amount, reference, received_at)
SELECT pg_temp.key('payment', n), pg_temp.key('invoice', n), 'bank_transfer', 288, 'REF ' || n, pg_temp.moment(100 + n)
FROM generate_series(2, :size, 2) AS n;

INSERT INTO expenses (project_id, category, amount, vendor, spent_on, created_at)
SELECT pg_temp.key('project', n), 'catering', 20 + n, 'Café "Chez Léon"', date '2025-12-18' + n::integer, pg_temp.moment(n)
FROM generate_series(1, :size / 2) AS n;
INSERT INTO contracts (id, client_id, project_id, title, status, body, created_at)
SELECT pg_temp.key('contract', n), pg_temp.key('client', n), pg_temp.key('project', n), 'Recording agreement ' || n,
    'signed', repeat('The parties agree. ', 20), pg_temp.moment(n)
FROM generate_series(1, :size / 4) AS n;
INSERT INTO notifications (recipient, kind, payload, created_at)
SELECT 'Engineer 1', 'session.completed', jsonb_build_object('session', n), pg_temp.moment(24 * n + 4)
FROM generate_series(1, :size) AS n;

COMMIT;
