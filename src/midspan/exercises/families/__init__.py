"""The families of exercises, by topic. Each is data: ways of asking, parameters, solution, tests."""

from midspan.exercises.families import classes, dictionaries, lists, numbers, recursion, sql, strings
from midspan.exercises.family import Family

FAMILIES: dict[str, list[Family]] = {
    "numbers": numbers.FAMILIES,
    "strings": strings.FAMILIES,
    "lists": lists.FAMILIES,
    "dictionaries": dictionaries.FAMILIES,
    "recursion": recursion.FAMILIES,
    "classes": classes.FAMILIES,
    "sql": sql.FAMILIES,
}
