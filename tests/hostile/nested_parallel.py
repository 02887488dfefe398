"""Parallel states nested 5,000 deep."""

from hostile import End

DEPTH = 5_000
BEFORE = '{"StartAt":"P","States":{"P":{"Type":"Parallel","End":true,"Branches":['
DEFINITION = BEFORE * DEPTH + '{"StartAt":"S","States":{"S":{"Type":"Succeed"}}}' + "]}}}" * DEPTH
ENDS = End.REFUSED
