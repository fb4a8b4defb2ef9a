"""What models, platforms and experiments say of worlds in which the truth is known.

`scores` compares (pure), `answers` reads what a run has published, `board` runs worlds, `printed` shows.
"""
