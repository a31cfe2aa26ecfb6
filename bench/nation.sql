-- What only many counties together show, over the lists of a whole nation. Plain SQL: DuckDB and Spark run it unchanged.
-- The views are named and their columns called as in validators/columns.csv, and `county` and `source_row` say where a row comes from.

-- hz02: sites that several counties report (rule HZ02), each with where it stands
SELECT e.uscc, coalesce(e.site, '') AS site, e.county, e.source_row
FROM enterprises e
JOIN (
  SELECT uscc, coalesce(site, '') AS site
  FROM enterprises
  WHERE uscc IS NOT NULL
  GROUP BY uscc, coalesce(site, '')
  HAVING count(DISTINCT county) > 1
) twice ON e.uscc = twice.uscc AND coalesce(e.site, '') = twice.site
ORDER BY 1, 2, 3, 4;

-- jb12: enterprises of another list that no county reports (the core of rule JB12: by code)
SELECT listed.uscc, listed.name
FROM listed
WHERE NOT EXISTS (SELECT 1 FROM enterprises e WHERE e.uscc = listed.uscc)
ORDER BY 1, 2;

-- totals: reductions in t/d by province, level and pollutant, and what share of what they report to emit that is
SELECT province, level, pollutant, sum(cut) / 1000 AS cut, sum(cut) / sum(daily) * 100 AS percent
FROM cuts
GROUP BY province, level, pollutant
ORDER BY 1, 2, 3;

-- guarantee: counties by the share of their emissions that is guaranteed
SELECT counted.county, counted.enterprises, kept.sites, kept.daily / whole.daily AS share
FROM (SELECT county, count(*) AS enterprises FROM enterprises GROUP BY county) counted
JOIN (SELECT county, sum(daily) AS daily FROM emitted GROUP BY county) whole ON whole.county = counted.county
JOIN (
  SELECT g.county, count(DISTINCT g.list_id) AS sites, sum(e.daily) AS daily
  FROM guarantee g
  JOIN emitted e ON e.county = g.county AND e.list_id = g.list_id
    AND (e.line_id IS NULL OR position(e.line_id IN g.line_ids) > 0)
  GROUP BY g.county
) kept ON kept.county = counted.county
ORDER BY 4 DESC, 1;
