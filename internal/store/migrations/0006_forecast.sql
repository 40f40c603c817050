-- How good forecasts were, by the day they fell due and what they were about:
-- sums over those that were scored. The forecasts themselves are forgotten
-- sooner.
CREATE TABLE forecast_day (
	day    INTEGER NOT NULL, -- microseconds, its beginning in UTC
	target INTEGER NOT NULL, -- 100 times the hour it begins, and the hour it ends
	count  REAL NOT NULL,
	own    REAL NOT NULL,    -- weighted interval score
	naive  REAL NOT NULL,    -- that of "as in the last 24 hours"
	in50   REAL NOT NULL,    -- outcomes within the interval
	in80   REAL NOT NULL,
	in95   REAL NOT NULL,
	down   REAL NOT NULL,    -- not scored: a source was silent
	PRIMARY KEY (day, target)
) STRICT, WITHOUT ROWID;
