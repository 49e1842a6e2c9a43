"""The rules of the house that no other tool holds: what code may name, what SQL may say, what messages there are."""

from __future__ import annotations

import ast
import csv
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from assets.core.errors import Issue
from assets.core.messages import all_messages
from assets.core.paths import PROJECT_ROOT, Paths
from assets.intake.tables.contracts import read_contracts
from assets.observations.dataset_models import dataset_models
from assets.warehouse.connection import connect_in_memory
from assets.warehouse.models import Model, read_models
from assets.warehouse.tables import Table, read_tables

PATHS = Paths(PROJECT_ROOT / "data")
PYTHON = sorted(file for room in ("assets", "pipelines") for file in (PROJECT_ROOT / room).rglob("*.py"))
SQL = sorted((PROJECT_ROOT / "sql").rglob("*.sql"))
CONTRACTS = read_contracts(PATHS.contracts)
TABLES: dict[str, Table] = read_tables(PATHS.sql) | {found.table_name: found.table() for found in CONTRACTS.values()}
DATASET_MODELS = dataset_models({name: contract.indicators for name, contract in CONTRACTS.items()}, PATHS.sql, TABLES)
MODELS: dict[str, Model] = read_models(PATHS.sql, TABLES) | DATASET_MODELS
DATASET_SQL = {
    file for file in SQL if file.parent.name == "observations" and file.stem.removesuffix("_gaps") in CONTRACTS
}
MODEL_SQL = [file for file in SQL if file.parent.name != "checks"]


def shown(file: Path) -> str:
    return str(file.relative_to(PROJECT_ROOT))


each_python = pytest.mark.parametrize("file", PYTHON, ids=shown)
each_sql = pytest.mark.parametrize("file", SQL, ids=shown)
each_model_sql = pytest.mark.parametrize("file", MODEL_SQL, ids=shown)


# --- 1: no code names a city, an indicator, a dataset or the province -------------------------------------------


def _rows(table: str) -> list[dict[str, str]]:
    with (PATHS.reference / f"{table}.csv").open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def _column(table: str, *names: str) -> set[str]:
    return {row[name] for row in _rows(table) for name in names if row[name]}


def _provinces() -> set[str]:
    """The areas that have cities of their own; the country, which every province has above it, is none of them."""
    with_cities = _column("cities", "province_code")
    return {text for row in _rows("provinces") if row["province_code"] in with_cities for text in row.values()}


@cache
def names_of_the_data() -> re.Pattern[str]:
    """Whatever data/reference calls a city, an indicator, a dataset or a province; Latin names as whole words."""
    names = _column("cities", "city_code", "name_zh", "short_zh", "name_en") | _column("indicators", "indicator_id")
    names |= _column("indicators", "dataset") | _provinces() | _column("counties", "county_code", "name_zh")
    names |= {name.removesuffix("省") for name in names}
    words = (rf"(?<![A-Za-z0-9_]){re.escape(name)}(?![A-Za-z0-9_])" if name.isascii() else name for name in names)
    return re.compile("|".join(sorted(words, key=len, reverse=True)), re.IGNORECASE)


def _docstrings(tree: ast.AST) -> set[int]:
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    bodies = (node.body for node in ast.walk(tree) if isinstance(node, owners))
    return {id(body[0].value) for body in bodies if body and isinstance(body[0], ast.Expr)}


@cache
def parsed(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def literals(tree: ast.AST) -> Iterator[str]:
    """Every string and number of a module, but for its docstrings."""
    told = _docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in told and not isinstance(node.value, bool):
            yield str(node.value)


def identifiers(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        yield from (str(value) for name in ("id", "attr", "name", "arg") if (value := getattr(node, name, None)))


def without_comments(sql: str) -> str:
    return re.sub(r"--[^\n]*|/\*.*?\*/", "", sql, flags=re.DOTALL)


@each_python
def test_no_python_names_a_row_of_the_data(file: Path) -> None:
    tree = parsed(file)
    said = [*literals(tree), *identifiers(tree)]
    assert [found.group() for text in said for found in names_of_the_data().finditer(text)] == []


@pytest.mark.parametrize("file", [file for file in SQL if file not in DATASET_SQL], ids=shown)
def test_no_sql_names_a_row_of_the_data_but_that_of_its_dataset(file: Path) -> None:
    assert names_of_the_data().findall(without_comments(file.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("file", sorted(DATASET_SQL), ids=shown)
def test_the_sql_of_a_dataset_names_no_place_and_no_other_dataset(file: Path) -> None:
    found = names_of_the_data().findall(without_comments(file.read_text(encoding="utf-8")))
    assert {name for name in found if name.split(".")[0] != file.stem.removesuffix("_gaps")} == set()


def test_the_names_are_found_where_they_stand() -> None:
    place, indicator = sorted(_column("cities", "name_zh"))[0], sorted(_column("indicators", "indicator_id"))[0]
    tree = ast.parse(f'"""{place} may stand here."""\nx = f"{place} {{y}}"\nz = "{indicator}"\n')
    assert {found for text in literals(tree) for found in names_of_the_data().findall(text)} == {place, indicator}


# --- 2: the form of a model -------------------------------------------------------------------------------------


@each_model_sql
def test_a_model_opens_with_its_grain_and_the_source_of_its_definition(file: Path) -> None:
    first, second = file.read_text(encoding="utf-8").splitlines()[:2]
    assert first.startswith("-- one row per ")
    assert second.startswith("-- definition: ")


@each_model_sql
def test_a_model_ends_by_selecting_all_of_one_table(file: Path) -> None:
    last = file.read_text(encoding="utf-8").rstrip("\n").splitlines()[-1]
    assert re.fullmatch(r"select \* from [a-z_]+(\.[a-z_]+)?", last)


@each_sql
def test_sql_is_one_lower_case_select_without_semicolon_tab_or_ddl(file: Path) -> None:
    sql = without_comments(file.read_text(encoding="utf-8"))
    outside_quotes = re.sub(r"'[^']*'", "", sql)
    assert ";" not in sql
    assert "\t" not in sql
    assert outside_quotes == outside_quotes.lower()
    assert all(isinstance(statement, exp.Query) for statement in sqlglot.parse(sql, read="duckdb"))


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.qualified_name)
def test_a_table_and_its_columns_are_told_in_chinese_and_english(table: Table) -> None:
    chinese = re.compile(r"[\u4e00-\u9fff]")
    texts = {table.qualified_name: (table.zh, table.en)} | {n: (c.zh, c.en) for n, c in table.columns.items()}
    for name, (zh, en) in texts.items():
        assert chinese.search(zh), name
        assert en.strip(), name
        assert not chinese.search(en), name


@pytest.mark.parametrize("table", TABLES.values(), ids=lambda table: table.qualified_name)
def test_the_key_of_a_table_is_made_of_its_columns(table: Table) -> None:
    assert set(table.key) <= set(table.columns)


def test_every_model_has_a_contract() -> None:
    names = {f"{file.parent.name}.{file.stem}" for file in MODEL_SQL}
    # The gaps of a dataset are a part of observations.reported_gaps.
    assert {name for name in names if not name.endswith("_gaps") or name in TABLES} <= set(MODELS)


def _schema() -> dict[str, object]:
    typed = TABLES | {name: model.table for name, model in DATASET_MODELS.items()}
    schema: dict[str, dict[str, dict[str, str]]] = {}
    for table in typed.values():
        columns = {name: str(column.type) for name, column in table.columns.items()}
        schema.setdefault(table.schema_name, {})[table.name] = columns
    return dict(schema)


@pytest.mark.parametrize("name", MODELS)
def test_every_output_column_of_a_model_has_a_declared_type(name: str) -> None:
    tree = qualify(sqlglot.parse_one(MODELS[name].sql, read="duckdb"), dialect="duckdb", schema=_schema())
    assert isinstance(tree, exp.Query)
    assert tree.named_selects == list(MODELS[name].table.columns)


def test_every_model_builds_the_types_that_its_contract_declares() -> None:
    with connect_in_memory() as connection:
        for name in sorted({read for model in MODELS.values() for read in model.upstream} - set(MODELS)):
            TABLES[name].create(connection)
        waiting = dict(MODELS)
        while waiting:
            ready = [name for name, model in waiting.items() if not waiting.keys() & set(model.upstream)]
            assert ready, f"models wait for each other: {', '.join(waiting)}"
            for name in ready:
                assert waiting.pop(name).build(connection) == 0


# --- 3: the subset of SQL that gives the same answer on DuckDB and on Spark -------------------------------------

# The functions that design.md tells to write and those that the models use, as sqlglot names them. Others are refused.
ALLOWED = frozenset(
    {
        *("abs", "and", "avg", "case", "cast", "coalesce", "concat", "count", "exists", "exp", "extract", "floor"),
        *("greatest", "if", "isfinite", "lag", "least", "ln", "max", "median", "min", "ntile", "nullif", "or", "power"),
        *("rank", "regexp_like", "regexp_replace", "row_number", "substring", "sum", "try_cast"),
    }
)
_INTEGERS = ("int", "bigint", "smallint", "tinyint")
_TEXTS = ("varchar", "text")


def function_name(node: exp.Func) -> str:
    return (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()


def is_log10(node: exp.Expr) -> bool:
    return isinstance(node, exp.Log) and node.expression is not None and node.this.name == "10"


def is_double(node: exp.Expr) -> bool:
    """Whether an expression is a double for certain, as far as can be seen without types."""
    node = node.unnest()
    if isinstance(node, exp.Cast):
        return node.to.is_type("double", "float")
    return isinstance(node, exp.Div | exp.Avg | exp.Median | exp.Round) or (
        isinstance(node, exp.Binary) and (is_double(node.left) or is_double(node.right))
    )


def is_decimal(node: exp.Expr) -> bool:
    node = node.unnest()
    if isinstance(node, exp.Cast):
        return node.to.is_type("decimal")
    return isinstance(node, exp.Literal) and not node.is_string and re.fullmatch(r"\d*\.\d+", node.name) is not None


def aliases_in_where(select: exp.Select) -> bool:
    made = {
        item.alias
        for item in select.expressions
        if isinstance(item, exp.Alias) and item.alias not in {column.name for column in item.find_all(exp.Column)}
    }
    where = select.args.get("where")
    columns = where.find_all(exp.Column) if where is not None else ()
    return any(column.name in made and not column.table for column in columns)


def _cast_to(node: exp.Expr, types: tuple[str, ...]) -> bool:
    return isinstance(node, exp.Cast) and node.to.is_type(*types)


def _is_literal(node: exp.Expr | None, *values: str) -> bool:
    return isinstance(node, exp.Literal) and node.name in values


# Each construct that design.md tells to avoid, by its name.
OBJECTIONS: dict[str, Callable[[exp.Expr], bool]] = {
    "pivot": lambda node: isinstance(node, exp.Pivot) and not node.args.get("unpivot"),
    "unpivot": lambda node: isinstance(node, exp.Pivot) and bool(node.args.get("unpivot")),
    "columns(*)": lambda node: isinstance(node, exp.Columns),
    "* exclude": lambda node: isinstance(node, exp.Star) and bool(node.args.get("except_")),
    "* replace": lambda node: isinstance(node, exp.Star) and bool(node.args.get("replace")),
    "* rename": lambda node: isinstance(node, exp.Star) and bool(node.args.get("rename")),
    "asof join": lambda node: isinstance(node, exp.Join) and node.args.get("method") == "ASOF",
    "union by name": lambda node: isinstance(node, exp.SetOperation) and bool(node.args.get("by_name")),
    "list comprehension": lambda node: isinstance(node, exp.Comprehension),
    "slice": lambda node: isinstance(node, exp.Slice),
    "map": lambda node: isinstance(node, exp.ToMap | exp.Map | exp.VarMap | exp.MapFromEntries),
    "json arrow": lambda node: isinstance(node, exp.JSONExtract | exp.JSONExtractScalar),
    "collate": lambda node: isinstance(node, exp.Collate),
    "window exclude": lambda node: isinstance(node, exp.WindowSpec) and bool(node.args.get("exclude")),
    "window without frame": lambda node: isinstance(node, exp.Window) and node.args.get("spec") is None,
    "ranking without order": lambda node: (
        isinstance(node, exp.Window)
        and isinstance(node.this, exp.RowNumber | exp.Rank | exp.Lag | exp.Lead | exp.Ntile)
        and node.args.get("order") is None
    ),
    # Sail knows it of groups alone.
    "filter over a window": lambda node: isinstance(node, exp.Window) and isinstance(node.this, exp.Filter),
    # Sail takes the columns of both for one.
    "exists in a join condition": lambda node: (
        isinstance(node, exp.Exists) and isinstance(node.find_ancestor(exp.Join, exp.Where), exp.Join)
    ),
    "regexp_replace without 'g'": lambda node: (
        isinstance(node, exp.RegexpReplace) and "g" not in node.text("modifiers")
    ),
    "substring from 0": lambda node: isinstance(node, exp.Substring) and _is_literal(node.args.get("start"), "0"),
    "division without nullif": lambda node: (
        isinstance(node, exp.Div | exp.IntDiv | exp.Mod)
        and not isinstance(node.expression.unnest(), exp.Nullif)
        and not (isinstance(node.expression.unnest(), exp.Literal) and float(node.expression.unnest().name) != 0)
    ),
    "decimal division": lambda node: isinstance(node, exp.Div) and is_decimal(node.this),
    "decimal for a whole number": lambda node: is_decimal(node) and float(node.name or 1) % 1 == 0,
    "cast double to integer": lambda node: _cast_to(node, _INTEGERS) and is_double(node.this),
    "cast double to text": lambda node: _cast_to(node, _TEXTS) and is_double(node.this),
    "date that is not ISO": lambda node: (
        _cast_to(node, ("date",))
        and isinstance(node.this, exp.Literal)
        and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", node.this.name)
    ),
    "alias in where": lambda node: isinstance(node, exp.Select) and aliases_in_where(node),
    "unknown function": lambda node: (
        isinstance(node, exp.Func) and not is_log10(node) and function_name(node) not in ALLOWED
    ),
}


def objections(sql: str) -> set[str]:
    """What of a select is not in the portable subset; functions by their name."""
    found = set()
    for node in sqlglot.parse_one(sql, read="duckdb").walk():
        for name, objects in OBJECTIONS.items():
            if objects(node):
                found.add(
                    f"{function_name(node)}()" if isinstance(node, exp.Func) and name == "unknown function" else name
                )
    return found


@each_sql
def test_sql_stays_in_the_portable_subset(file: Path) -> None:
    assert objections(file.read_text(encoding="utf-8")) == set()


@pytest.mark.parametrize("name", DATASET_MODELS)
def test_the_models_of_the_datasets_stay_in_the_portable_subset(name: str) -> None:
    assert objections(DATASET_MODELS[name].sql) == set()


BAD: dict[str, str] = {
    "select percentile_cont(0.5) within group (order by a) from t": "percentile_cont()",
    "select quantile_cont(a, 0.5) from t": "percentile_cont()",
    "select round(a, 2) from t": "round()",
    "select date_diff('month', a, b) from t": "datediff()",
    "select arg_max(a, b) from t": "arg_max()",
    "select regr_slope(a, b) from t": "regr_slope()",
    "select list(a) from t": "array_agg()",
    "select log(a) from t": "log()",
    "select a from range(3) as r(a)": "generate_series()",
    "select my_macro(a) from t": "my_macro()",
    "select * from t pivot (sum(a) for b in ('x', 'y'))": "pivot",
    "pivot t on a using sum(b)": "pivot",
    "select * from t unpivot (a for b in (x, y))": "unpivot",
    "select columns(*) from t": "columns(*)",
    "select * exclude (a) from t": "* exclude",
    "select * replace (1 as a) from t": "* replace",
    "select * rename (a as b) from t": "* rename",
    "select * from t asof join u on t.a >= u.a": "asof join",
    "select a from t union all by name select a from u": "union by name",
    "select [x + 1 for x in a] from t": "list comprehension",
    "select a[1:2] from t": "slice",
    "select map {'a': 1}": "map",
    "select a -> 'b' from t": "json arrow",
    "select a ->> 'b' from t": "json arrow",
    "select a collate nocase from t": "collate",
    "select sum(a) over (order by b rows between 1 preceding and 1 following exclude ties) from t": "window exclude",
    "select sum(a) over (partition by b) from t": "window without frame",
    "select row_number() over (rows between unbounded preceding and current row) from t": "ranking without order",
    "select sum(a) filter (where b) over (partition by c rows between 1 preceding and 1 following) from t": (
        "filter over a window"
    ),
    "select a from t inner join u on exists (select 1 from v where v.a = t.a and v.b = u.b)": (
        "exists in a join condition"
    ),
    "select regexp_replace(a, 'b', 'c') from t": "regexp_replace without 'g'",
    "select substr(a, 0, 2) from t": "substring from 0",
    "select a / b from t": "division without nullif",
    "select a / 0 from t": "division without nullif",
    "select 1.5 / nullif(a, 0) from t": "decimal division",
    "select 100.0 * a from t": "decimal for a whole number",
    "select cast(cast(a as double) * 2 as bigint) from t": "cast double to integer",
    "select cast(a / nullif(b, 0) as integer) from t": "cast double to integer",
    "select cast(avg(a) as varchar) from t": "cast double to text",
    "select cast('2024/1/5' as date)": "date that is not ISO",
    "select a + 1 as b from t where b > 2": "alias in where",
}

GOOD = (
    "select cast(floor(a * 1e2 + 0.5) as bigint) as a, 1e2 * b / nullif(c, 0) as d from t where a > 1",
    "select row_number() over (order by a rows between unbounded preceding and current row) from t",
    "select log10(a), ln(a), median(a), try_cast(a as double), substr(a, 1, 2), cast('2024-01-05' as date) from t",
    "select regexp_replace(a, 'b', 'c', 'g') from t where regexp_matches(a, 'b')",
)


@pytest.mark.parametrize("sql", BAD)
def test_the_checker_refuses_a_bad_model_by_name(sql: str) -> None:
    assert BAD[sql] in objections(sql)


@pytest.mark.parametrize("sql", GOOD)
def test_the_checker_lets_a_good_model_pass(sql: str) -> None:
    assert objections(sql) == set()


def test_every_objection_has_a_bad_model_that_raises_it() -> None:
    assert set(OBJECTIONS) - set(BAD.values()) == {"unknown function"}


# --- 4: the catalogue of errors ---------------------------------------------------------------------------------

_CODE = re.compile(r"[a-z]+(_[a-z0-9]+)+")


def _first_texts(file: Path) -> Iterator[str]:
    """The codes of Issue("code" ...) and table.issue("code" ...)."""
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Call) and node.args:
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in ("Issue", "issue") and isinstance(node.args[0], ast.Constant):
                yield str(node.args[0].value)


def _codes_of_rules(file: Path) -> Iterator[str]:
    """The codes that the rules of intake say: to `add` or a fault's class, as `code`, beside its values, in SQL."""
    tree = parsed(file)
    said: list[ast.expr] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            said += [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            if getattr(node.func, "id", getattr(node.func, "attr", "")) in ("add", "UnknownPlaceError", "InboxFile"):
                said += node.args
        elif isinstance(node, ast.FunctionDef) and node.name == "_find_refusal":
            said += [
                returned.value for returned in ast.walk(node) if isinstance(returned, ast.Return) and returned.value
            ]
        elif isinstance(node, ast.Tuple) and len(node.elts) >= 3:
            is_mixed = any(not isinstance(element, ast.Constant) for element in node.elts)
            said += node.elts if is_mixed else []
    texts = [str(node.value) for node in said if isinstance(node, ast.Constant)]
    yield from (text for text in texts if _CODE.fullmatch(text))
    for text in literals(tree):
        yield from re.findall(r"'(key_conflict|duplicate_row)'", text)


@cache
def codes_of_faults() -> set[str]:
    found = {code for file in PYTHON for code in _first_texts(file)}
    rules = sorted((PROJECT_ROOT / "assets" / "intake").rglob("*.py"))
    return found | {code for file in rules for code in _codes_of_rules(file)}


def test_the_codes_are_found_where_they_stand() -> None:
    of_rules = {
        "malformed_row",
        "missing_value",
        "ambiguous_place",
        "incompatible_unit",
        "key_conflict",
        "file_is_link",
    }
    assert of_rules | {"unknown_header", "unknown_foreign_key", "no_release"} <= codes_of_faults()


def test_every_code_that_is_raised_is_in_the_catalogue() -> None:
    assert codes_of_faults() - set(all_messages()) == set()


def test_every_code_of_the_catalogue_is_raised_somewhere() -> None:
    texts = {text for file in PYTHON for text in literals(parsed(file))}
    assert set(all_messages()) - texts - codes_of_faults() == set()


@pytest.mark.parametrize("code", all_messages())
def test_a_message_is_complete_in_both_languages(code: str) -> None:
    message = all_messages()[code]
    issue = Issue(code, "FOUND", "EXPECTED")
    assert _CODE.fullmatch(code)
    for chinese, english in (message.reason, message.remedy):
        holes = re.findall(r"\{(\w+)\}", chinese)
        assert set(holes) <= {"actual", "expected"}
        assert sorted(holes) == sorted(re.findall(r"\{(\w+)\}", english))
    assert all("{" not in told for told in (issue.reason("zh"), issue.reason("en"), issue.remedy("zh")))


# --- 5: who may import what -------------------------------------------------------------------------------------


def imported(file: Path) -> set[str]:
    packages: set[str] = set()
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            packages |= {name.name.split(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            packages.add(node.module.split(".")[0])
    return packages


def may_import(package: str, file: str) -> bool:
    if package == "duckdb":
        return file.startswith("assets/warehouse/")
    if package in ("dagster", "dagster_webserver"):
        in_stage = re.fullmatch(r"assets/\w+/assets\.py", file) is not None
        return file.startswith("pipelines/") or in_stage or file == "assets/warehouse/dagster_assets.py"
    if package in ("great_expectations", "duckdb_engine"):
        return file in ("assets/quality/checks/gx_runner.py", "assets/quality/checks/data_docs.py")
    return package != "tests"


@each_python
def test_a_module_imports_only_what_its_place_allows(file: Path) -> None:
    place = shown(file).replace("\\", "/")
    assert {package for package in imported(file) if not may_import(package, place)} == set()


@pytest.mark.parametrize("package", ["duckdb", "dagster", "great_expectations"])
def test_the_package_is_imported_where_it_may_be(package: str) -> None:
    assert any(package in imported(file) for file in PYTHON)
