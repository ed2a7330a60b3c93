import polars as pl

events = pl.scan_parquet("events.parquet")

# Who was refused what, and how often.
refused = (
    events.filter(pl.col("status") >= 400, pl.col("principal_name").is_not_null())
    .group_by("principal_name", "event_name")
    .agg(pl.len().alias("events"))
    .sort("events", "principal_name", "event_name", descending=[True, False, False])
    .head(10)
    .collect()
)
