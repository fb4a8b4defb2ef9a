"""The small sums of attribution that SQL is no language for: Markov chains, Shapley values, intervals.

The counting is SQL, in `dbt_project/models/marketing`; arrays of counts come in, arrays go out. May
import numpy; no files, no databases, no Dagster and no dbt.
"""
