"""What every solver stands on: files, statistics, threads, the cache of compiled programs."""
