"""Formulas changed as a careless hand would, and whether the cell that checks them notices.

A change is one of: a transpose that is lost, a derivative at the wrong point, a term or a 1/N that
is lost, a wrong index, 0.1 %. Each is run in a fork of the executed lesson.
"""

import ast
import copy
import os
import signal

from bpcourse import ledger

SECONDS = 20  # for a changed cell; one that does not end has noticed
DRAWN = ("rng", "random")
SPARED = (*DRAWN, "print", "range", "zip", "enumerate", "isinstance", "len")
AGREE = ("allclose", "isclose", "array_equal", "assert_allclose", "all")
TOLERANCES = ("atol", "rtol", "abs_tol", "rel_tol", "h", "size", "shape", "strict", "decimals")


def changes(source):
    """{how a formula is changed: the source with it} for the code of a cell."""
    tree = ast.parse(source)
    found = {}
    wrong = _meant_to_be_wrong(tree)
    for node, path in _formulas(tree, wrong):
        for other in _others(node):
            changed = copy.deepcopy(tree)
            _put(changed, path, other)
            before, after = (" ".join(ast.unparse(one).split()) for one in (node, other))
            name = f"{before} -> {after}"
            while name in found:  # the same words at another place
                name += " (again)"
            found[name] = ast.unparse(changed)
    return found


def _meant_to_be_wrong(tree):
    """Names whose values are only ever said to differ from what is right: a misprint, changed."""
    equal, other = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            for part, agrees in _claims(node.test):
                names = {one.id for one in ast.walk(part) if isinstance(one, ast.Name)}
                (equal if agrees else other).update(names)
    return other - equal


def _only_told(tree):
    """Names that nothing reads but the text of an output: counts, which another test compares."""
    read, told = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            told.update(id(one) for one in ast.walk(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and id(node) not in told:
            read.add(node.id)
    names = {one.id for one in ast.walk(tree) if isinstance(one, ast.Name) and id(one) in told}
    return names - read


def _measured(tree):
    """Functions that are handed to another one, which pushes their inputs: what is measured."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return {
        argument.id for call in calls for argument in call.args if isinstance(argument, ast.Name)
    }


def _formulas(tree, wrong):
    """Each expression that may be part of a formula, and the way to it from the root."""

    unlike = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert)
        for part, agrees in _claims(node.test)
        if not agrees
    }
    measured, told = _measured(tree), _only_told(tree)

    def walk(node, path):
        if _is_spared(node) or id(node) in unlike:
            return
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in wrong:
            return
        if isinstance(node, ast.FunctionDef) and node.name in wrong | measured:
            return
        if isinstance(node, ast.AugAssign) and ast.unparse(node.target) in told:
            return
        if isinstance(node, ast.Lambda):  # changed, it changes both sides of a comparison
            return
        yield node, path
        for field, value in ast.iter_fields(node):
            if field in ("args", "iter", "targets", "target") and not isinstance(node, ast.Call):
                continue  # what is counted over, and what is assigned to
            for i, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(child, ast.AST):
                    yield from walk(child, [*path, (field, i)])

    return walk(tree, [])


def _is_spared(node):
    """What draws numbers, prints, or says how near is near enough."""
    if isinstance(node, ast.Call):
        names = {part.id for part in ast.walk(node.func) if isinstance(part, ast.Name)}
        names |= {part.attr for part in ast.walk(node.func) if isinstance(part, ast.Attribute)}
        return bool(names.intersection(SPARED))
    if isinstance(node, ast.Assign):  # numbers drawn at random, whatever is done to them
        return any(isinstance(part, ast.Name) and part.id in DRAWN for part in ast.walk(node.value))
    if isinstance(node, ast.keyword):
        return node.arg in TOLERANCES
    return isinstance(node, ast.JoinedStr | ast.Import | ast.ImportFrom)


def _claims(test):
    """(part, whether it says that two things agree) of the parts of an assertion."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        for part in test.values:
            yield from _claims(part)
        return
    nodes = list(ast.walk(test))
    agree = any(
        isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.Lt | ast.LtE)
        for node in nodes
    ) or any(
        isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in AGREE
        for node in nodes
    )
    yield test, agree and not any(isinstance(node, ast.Not) for node in nodes)


def _others(node):
    """What may stand in a formula's place."""
    match node:
        case ast.Attribute(attr="T", value=value):
            yield value
        case ast.Call(func=ast.Attribute(attr="derivative", value=owner), args=[point]):
            value = ast.Call(ast.Attribute(owner, "value", ast.Load()), [point], [])
            yield ast.Call(node.func, [value], [])
        case ast.BinOp(op=ast.Add() | ast.Sub(), left=left, right=right):
            yield left
            yield right
        case ast.BinOp(op=ast.Div(), left=left):
            yield left
        case ast.Subscript(slice=ast.Tuple(elts=[ast.Name(i_), ast.Name(j_)])) if i_ != j_:
            i, j = node.slice.elts
            yield ast.Subscript(node.value, ast.Tuple([j, i], ast.Load()), ast.Load())
        case ast.Subscript(slice=ast.Name() as i, ctx=ast.Load()):
            before = ast.BinOp(i, ast.Sub(), ast.Constant(1))
            yield ast.Subscript(node.value, before, ast.Load())
        case ast.Assign(value=ast.BinOp() as value) | ast.Return(value=ast.BinOp() as value):
            changed = copy.copy(node)
            changed.value = ast.BinOp(value, ast.Mult(), ast.Constant(1.001))
            yield changed


def _put(tree, path, new):
    for field, i in path[:-1]:
        value = getattr(tree, field)
        tree = value if i is None else value[i]
    field, i = path[-1]
    if i is None:
        setattr(tree, field, new)
    else:
        getattr(tree, field)[i] = new


def opposed(session, opposites):
    """The items of which no assertion fails when the claim is turned into its opposite."""
    unseen = []
    ran = session.each()
    for cell in session.cells:
        for item, opposite in opposites.items():
            if opposite["cell"] == cell.id:
                source = cell.source.replace(opposite["old"], opposite["new"])
                os.chdir(session.path.parent)
                if not _noticed(session, source, AssertionError):
                    unseen.append(item)
        next(ran)
    return unseen


def tried(session):
    """{cell: [changes that it did not notice]} and how many there were, of a lesson's formulas."""
    kinds = {item.id: item.kind for item in ledger.items()}
    survived, count = {}, 0
    sources = {cell.id: cell for cell in session.cells}
    order = [cell.id for cell in session.cells]
    ran = session.each()
    for id in order:
        cell = sources[id]
        tags = cell.metadata.get("tags", [])
        if any(kinds.get(tag) == "formula" for tag in tags):
            os.chdir(session.path.parent)
            for name, source in changes(cell.source).items():
                count += 1
                if not _noticed(session, source):
                    survived.setdefault(id, []).append(name)
        next(ran)
    return {"changes": count, "survived": survived}


def _noticed(session, source, error=BaseException):
    """Whether a changed cell raises an error, in a fork of the lesson as it stands before it."""
    child = os.fork()
    if child == 0:
        signal.alarm(SECONDS)
        os._exit(isinstance(session.run(source), error))
    _, status = os.waitpid(child, 0)
    return status != 0
