"""From verified candidates to what counts: admission, shards, commits, the store that they lie in."""
