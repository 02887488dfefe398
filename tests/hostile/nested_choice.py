"""A Choice rule nested 20,000 deep."""

from hostile import End

DEPTH = 20_000
RULE = '{"Not":' * DEPTH + '{"Variable":"$.a","IsPresent":true}' + "}" * DEPTH
DEFINITION = (
    f'{{"StartAt":"C","States":{{"C":{{"Type":"Choice","Choices":[{{"Next":"E","Not":{RULE}}}],"Default":"E"}},'
    '"E":{"Type":"Succeed"}}}'
)
ENDS = End.REFUSED
