"""A JSONata $reduce that doubles a text 40 times."""

from hostile import End
from hostile.shapes import jsonata

DEFINITION = jsonata("$reduce([1..40], function($text) { $text & $text }, 'xxxxxxxx')")
ENDS = End.FAILED
