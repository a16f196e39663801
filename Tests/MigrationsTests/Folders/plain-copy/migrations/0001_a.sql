COPY a (id, name) FROM stdin WITH (FORMAT text);
1	it's; one
2	\N
\.
COPY b FROM STDIN; -- after a comment
\.
SELECT 1;
