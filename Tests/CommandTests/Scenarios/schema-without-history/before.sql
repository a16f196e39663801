CREATE DATABASE hub;
CREATE DATABASE tenant_a;
CREATE DATABASE tenant_b;
\c hub
\i ${root}/manifests/hub/0000_start.sql
\c tenant_a
\i ${root}/manifests/tenant/0000_start.sql
\i ${root}/manifests/tenant/0001_more.sql
INSERT INTO notes (body) VALUES ('pushed from the code');
\c tenant_b
\i ${root}/manifests/tenant/0000_start.sql
