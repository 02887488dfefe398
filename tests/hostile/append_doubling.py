"""A JSONata $reduce that doubles an array 40 times."""

from hostile import End
from hostile.shapes import jsonata

DEFINITION = jsonata("$reduce([1..40], function($list) { $append($list, $list) }, [[0]])")
ENDS = End.FAILED
