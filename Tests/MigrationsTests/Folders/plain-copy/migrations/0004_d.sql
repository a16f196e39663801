COPY (SELECT 1) TO stdout;
COPY a FROM '/dev/null'