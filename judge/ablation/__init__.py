"""Does data quality cause model quality: arms of equal token budgets, several seeds, effects with intervals."""
