CREATE TABLE items (id bigserial);
