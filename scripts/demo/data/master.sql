-- Rows for a master database: one organization, owner and register entry per name in :tenants (separated by blanks).
-- The same names give the same rows. For psql.
BEGIN;

CREATE TEMPORARY TABLE customer ON COMMIT DROP AS
SELECT name, n::integer, md5('user ' || name)::uuid AS owner, timestamptz '2025-12-16 08:00+00' + n * interval '7 hours' AS at
FROM unnest(string_to_array(:'tenants', ' ')) WITH ORDINALITY AS t (name, n);

INSERT INTO subscription_plans (code, name, price_monthly, price_yearly, max_users, max_storage_gb, features, created_at)
VALUES
    ('free', 'Free', 0, 0, 1, 2, '{calendar,invoices}', '2025-12-16 07:00+00'),
    ('studio', 'Studio', 29, 290, 5, 100, '{calendar,invoices,quotes,file_sharing}', '2025-12-16 07:00+00'),
    ('label', 'Label', 99, 990, 25, 1000, '{calendar,invoices,quotes,file_sharing,contracts,ai}', '2025-12-16 07:00+00');

INSERT INTO users (id, email, password_hash, name, is_superadmin, email_verified_at, created_at, updated_at)
SELECT owner, 'owner@' || replace(name, '_', '-') || '.example', 'x', initcap(replace(name, '_', ' ')),
    name = 'tenant_superadmin', at, at, at
FROM customer;

-- Two more people in every studio.
INSERT INTO users (id, email, password_hash, name, created_at, updated_at)
SELECT md5('user ' || name || k)::uuid, 'engineer' || k || '@' || replace(name, '_', '-') || '.example', 'x',
    'Engineer ' || k, at, at
FROM customer, generate_series(1, 2) AS k;

INSERT INTO organizations (id, name, slug, owner_id, plan_id, subscription_status, settings, created_at, updated_at)
SELECT n, initcap(replace(name, '_', ' ')), replace(name, '_', '-'), owner,
    (SELECT id FROM subscription_plans ORDER BY id OFFSET n % 3 LIMIT 1), 'active',
    jsonb_build_object('invoice_language', CASE n % 2 WHEN 0 THEN 'fr' ELSE 'en' END), at, at
FROM customer;
SELECT setval(pg_get_serial_sequence('organizations', 'id'), max(id)) FROM organizations;

INSERT INTO organization_members (organization_id, user_id, role, joined_at)
SELECT n, owner, 'owner'::member_role, at FROM customer
UNION ALL
SELECT n, md5('user ' || name || k)::uuid, 'member', at FROM customer, generate_series(1, 2) AS k;

INSERT INTO tenant_databases (organization_id, database_name, status, schema_version, provisioned_at, created_at)
SELECT n, name, 'active', '0000_massive_zodiak', at, at FROM customer ORDER BY n;

INSERT INTO invitations (id, organization_id, email, token, invited_by, expires_at, created_at)
SELECT md5('invitation ' || name)::uuid, n, 'guest@' || replace(name, '_', '-') || '.example',
    md5('token ' || name), owner, at + interval '14 days', at
FROM customer;

COMMIT;
