"""Rules about source text: a planted fault of every kind is found, and the tree has none but those that give a reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.source_rules import RULES, faults_in_python, faults_in_sql, faults_in_template

ROOT = Path(__file__).resolve().parents[1]
FLOORS = (
    "core",
    "organizations",
    "pvf",
    "requests_app",
    "certificates",
    "review",
    "oid_sync",
    "certportal",
    "oid_store",
)

#: (rule, file): why it stands there. An entry that fits nothing any more fails the test.
REASONS = {
    ("bare-delay", "core/wake.py"): "the one place that sends tasks, called by on_commit",
    ("bare-delay", "oid_sync/tasks.py"): "a loop asks for help outside any transaction",
    ("composed-sql", "certportal/launcher/databases.py"): "psycopg.sql quotes the names of roles and databases",
    ("composed-sql", "core/policy.py"): "names of roles, quoted by _quoted; the owner's statements",
    ("composed-sql", "core/rows.py"): "names of the model's own columns; values are parameters",
    ("float-quantity", "oid_store/api/documents.py"): "the probability of a rehearsed fault, no weight",
    ("float-quantity", "oid_store/api/serializers.py"): "the probability of a rehearsed fault, no weight",
    ("float-quantity", "oid_store/models/service.py"): "the probability of a rehearsed fault, no weight",
    ("float-quantity", "oid_store/migrations/0001_initial.py"): "the probability of a rehearsed fault, no weight",
    ("forced-row-security", "core/policy.py"): "tables of the reviewed list open_because, and no other",
    ("no-csrf", "core/uploads.py"): "the inner view is csrf_protect: the upload handler must come first",
    ("no-csrf", "certificates/views_check.py"): "the inner view is csrf_protect: the upload handler must come first",
    ("no-csrf", "certificates/views_coop.py"): "the inner view is csrf_protect: the upload handler must come first",
    ("trusted-markup", "certportal/api/docs.py"): "each part is escaped before it is joined",
    ("trusted-markup", "templates/components/forms/field.html"): "help text of our own forms",
    ("trusted-markup", "templates/components/forms/hint_and_errors.html"): "help text of our own forms",
    ("trusted-markup", "templates/mfa/totp/activate_form.html"): "the QR code that the server has drawn",
    ("weak-random", "oid_store/domain/faults.py"): "chance of a rehearsed fault",
    ("weak-random", "oid_sync/domain/answers.py"): "jitter of a pause",
    ("weak-random", "oid_sync/domain/circuit.py"): "jitter of a pause",
    ("weak-random", "oid_sync/domain/reconciliation/oid_log.py"): "jitter of a pause",
    ("weak-random", "oid_sync/domain/turns.py"): "which waiting call a free hand takes",
}

PLANTED = {
    "bare-delay": ["send_mail.delay(row.pk)", "task.apply_async(args=[1])"],
    "call-without-limit": [
        "requests.get(url)", "requests.post(url, timeout=None)", "urllib.request.urlopen(url)",
        "self.session.request('GET', url)", "smtplib.SMTP(host)", "socket.create_connection(address)",
    ],
    "float-quantity": [
        "net_kg = models.FloatField()", "total = float(row.net_kg)", "net_kg: float = 0", "net_kg = 0.5",
        "def ship(quantity: float): pass",
    ],
    "weak-random": ["import random", "from random import choice"],
    "forced-row-security": [
        "cursor.execute('ALTER TABLE a FORCE ROW LEVEL SECURITY')",
        "cursor.execute('alter table a disable row level security')",
    ],
    "session-setting": [
        "cursor.execute('SET portal.kind = %s', [kind])", "cursor.execute('SET SESSION timezone TO UTC')",
        "cursor.execute(\"SELECT set_config('portal.kind', %s, false)\", [kind])", "cursor.execute('SET ROLE owner')",
    ],
    "trusted-markup": ["mark_safe(name)", "SafeString(name)", "def __html__(self): pass\nx.__html__"],
    "no-csrf": ["@csrf_exempt\ndef view(request): pass", "from django.views.decorators.csrf import csrf_exempt"],
    "composed-sql": [
        "cursor.execute(f'SELECT {name}')", "cursor.execute('SELECT %s' % name)", "Row.objects.raw('SELECT ' + name)",
        "cursor.execute('SELECT {}'.format(name))", "RawSQL(f'{column} + 1', [])", "migrations.RunSQL(sql=f'DROP {x}')",
    ],
    "shell": ["subprocess.run(line, shell=True)", "os.system(line)", "os.popen(line)"],
    "extra-sql": ["Row.objects.extra(where=['a = 1'])"],
    "open-redirect": [
        "redirect(request.GET['next'])", "HttpResponseRedirect(request.POST.get('next', '/'))",
        "redirect(str(request.META['HTTP_REFERER']))",
    ],
    "markup-by-hand": [
        "HttpResponse(f'<p>{name}</p>')", "HttpResponse(request.GET['q'])",
        "HttpResponse('<p>%s' % x, content_type='text/html')",
        "HttpResponseBadRequest(content=f'{x}', content_type=kind)",
    ],
    "code-from-data": ["eval(text)", "exec(text)", "pickle.loads(data)", "yaml.load(text)"],
}  # fmt: skip

MEANT = [
    "requests.get(url, timeout=10)", "request.session.get('a')", "x = float('1')", "import secrets", "fast = 0.5",
    "cursor.execute('SET LOCAL portal.kind = %s', [kind])", "cursor.execute('SET TRANSACTION READ ONLY')",
    "cursor.execute(\"SELECT set_config('portal.kind', %s, true)\", [kind])",
    "cursor.execute('UPDATE a SET name = %s', [name])", "format_html('<p>{}</p>', name)",
    "cursor.execute('SELECT 1 WHERE a = %s', [value])", "subprocess.run(['ls'], shell=False)",
    "redirect('certificates:detail', row.pk)", "HttpResponse(data, content_type='application/pdf')",
    "HttpResponse(f'{x}', content_type='text/plain')", "json.loads(text)", "query.exec(text)",
    "connection.execute(sql.SQL('GRANT {} TO a').format(sql.Identifier(name)))", "ALTER = 'ENABLE ROW LEVEL SECURITY'",
]  # fmt: skip


def test_every_rule_has_a_planted_fault():
    assert set(PLANTED) == {rule.name for rule in RULES}


@pytest.mark.parametrize(
    ("rule", "source"), [(rule, source) for rule, sources in PLANTED.items() for source in sources]
)
def test_a_planted_fault_is_found(rule: str, source: str):
    assert rule in {name for name, _ in faults_in_python(source)}


@pytest.mark.parametrize("source", MEANT)
def test_what_is_meant_is_left_alone(source: str):
    assert list(faults_in_python(source)) == []


def test_prose_about_sql_is_no_sql():
    assert list(faults_in_python('def f():\n    """Never DISABLE ROW LEVEL SECURITY; SET ROLE is refused."""')) == []


@pytest.mark.parametrize(
    "line", ["{{ name|safe }}", "{{ name | safe }}", "{% autoescape off %}", "{{ names|safeseq }}"]
)
def test_unescaped_output_of_a_template_is_found(line: str):
    assert list(faults_in_template(f"<p>\n{line}</p>")) == [("trusted-markup", 2)]
    assert list(faults_in_template("{{ name|safely }} {{ name|escape }}")) == []


def test_sql_files_are_read_too():
    assert list(faults_in_sql("SELECT 1;\nALTER TABLE a DISABLE ROW LEVEL SECURITY;")) == [("forced-row-security", 2)]
    assert [name for name, _ in faults_in_sql("SELECT 1; SET portal.kind = 'staff';")] == ["session-setting"]
    head = "CREATE FUNCTION f() RETURNS int SECURITY DEFINER SET search_path = pg_catalog AS $$ SELECT 1 $$;"
    assert list(faults_in_sql(head)) == []
    assert list(faults_in_sql("-- SET ROLE owner\nUPDATE a SET b = 1;")) == []


def _files(pattern: str) -> list[Path]:
    found = [path for floor in FLOORS for path in (ROOT / floor).rglob(pattern) if "__pycache__" not in path.parts]
    if pattern == "*.html":
        found += (ROOT / "templates").rglob(pattern)
    return sorted(found)


def test_the_tree_breaks_no_rule_without_a_reason():
    readers = {"*.py": faults_in_python, "*.sql": faults_in_sql, "*.html": faults_in_template}
    read, broken, needed = 0, [], set()
    for pattern, reader in readers.items():
        for path in _files(pattern):
            read += 1
            place = str(path.relative_to(ROOT))
            for rule, line in reader(path.read_text(encoding="utf-8")):
                needed.add((rule, place))
                if (rule, place) not in REASONS:
                    broken.append(f"{place}:{line} {rule}: {next(r.why for r in RULES if r.name == rule)}")
    assert read > 300
    assert broken == []
    assert set(REASONS) - needed == set()
