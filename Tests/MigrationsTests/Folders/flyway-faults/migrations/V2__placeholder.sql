CREATE TABLE ${flyway:user}_items (id int);
