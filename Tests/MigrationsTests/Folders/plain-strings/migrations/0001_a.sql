SET standard_conforming_strings = off;
SET LOCAL standard_conforming_strings TO 'on';
SELECT 'a\';
