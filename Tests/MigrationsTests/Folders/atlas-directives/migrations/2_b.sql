-- atlas:delimiter \n\n

SELECT 2;
