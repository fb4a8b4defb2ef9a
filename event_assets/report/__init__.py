"""`event-assets report`: what was found as one HTML page that needs nothing else.

Reads the published file alone. `page` puts sections together; a section is a function from the open
file to the template's values, and a part of the template. May import jinja2 and duckdb.
"""
