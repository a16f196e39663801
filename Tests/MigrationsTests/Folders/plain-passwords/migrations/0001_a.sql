CREATE ROLE a PASSWORD 'sesame-1';
ALTER ROLE a WITH ENCRYPTED PASSWORD /* md5 */ E'sesame-2';
ALTER ROLE a PASSWORD NULL;
DO $$
BEGIN
    IF true THEN
        CREATE ROLE b LOGIN PASSWORD 'sesame-3';
    END IF;
END $$;
CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'a', password 'sesame-4');
CREATE TABLE users (password text DEFAULT 'x');
INSERT INTO users (password) VALUES ('x'), ($$my password 'x'$$);
COMMENT ON COLUMN users.password IS 'x';
CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $f$
BEGIN EXECUTE $x$ ALTER ROLE a PASSWORD 'sesame-5' $x$; END $f$;
