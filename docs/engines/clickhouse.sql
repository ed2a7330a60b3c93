-- Who was refused what, and how often.
SELECT principal_name, event_name, count() AS events
FROM file('events.parquet')
WHERE status >= 400 AND principal_name IS NOT NULL
GROUP BY principal_name, event_name
ORDER BY events DESC, principal_name, event_name
LIMIT 10;
