"""A template nested 100,000 deep."""

from hostile import End

DEPTH = 100_000
TEMPLATE = "[" * DEPTH + "]" * DEPTH
DEFINITION = f'{{"StartAt":"S","States":{{"S":{{"Type":"Pass","Parameters":{{"a":{TEMPLATE}}},"End":true}}}}}}'
ENDS = End.REFUSED
