-- Who was refused what, and how often.
SELECT principal_name, event_name, count(*) AS events
FROM read_parquet('events.parquet')
WHERE status >= 400 AND principal_name IS NOT NULL
GROUP BY ALL
ORDER BY events DESC, principal_name, event_name
LIMIT 10;

-- What there is no column for stands in the event itself: bytes, so decode them first.
SELECT count(DISTINCT json_extract_string(decode(raw), '$.data.identity.tenantId')) AS tenancies
FROM read_parquet('events.parquet');
