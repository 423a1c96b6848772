"""Texts with stack traces, as programs print them, of every language that is read."""

from __future__ import annotations

PYTHON = """\
2026-11-21 05:37:35,123 ERROR worker: job 17 failed
Traceback (most recent call last):
  File "/opt/companion/work.py", line 31, in run
    price = rate(row)
            ^^^^^^^^^
  File "/opt/companion/work.py", line 12, in rate
    return 1 / row.count
ZeroDivisionError: division by zero

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/opt/companion/main.py", line 8, in serve
    run()
  File "/opt/companion/work.py", line 33, in run
    raise billing.RateError(17) from None
billing.RateError: no rate for 17
"""
JAVA = """\
2026-11-21 05:37:35 ERROR [http-1] c.a.Router - call 17
java.lang.IllegalStateException: queue 4711 is closed
\tat com.acme.calls.Router.route(Router.java:120)
\tat com.acme.calls.Router$1.run(Router.java:77)
\tat java.base/java.lang.Thread.run(Thread.java:833)
\tSuppressed: java.io.IOException: not this one
\t\tat com.acme.calls.Link.close(Link.java:4)
Caused by: java.sql.SQLException: database is locked
\tat org.sqlite.core.DB.newSQLException(DB.java:909)
\tat com.acme.calls.Store.load(Store.java:41)
\t... 2 more
"""
CSHARP = """\
Unhandled exception. System.InvalidOperationException: the call has ended
 ---> System.ArgumentNullException: Value cannot be null. (Parameter 'number')
   at Acme.Dialling.Numbers.Parse(String number) in C:\\src\\Dialling\\Numbers.cs:line 12
   --- End of inner exception stack trace ---
   at Acme.Dialling.Dialler.<DialAsync>d__5.MoveNext() in C:\\src\\Dialling\\Dialler.cs:line 40
--- End of stack trace from previous location ---
   at System.Threading.Tasks.Task.Execute(Object state)
   at Acme.Program.Main(String[] args) in C:\\src\\Program.cs:line 9
"""
GO = """\
panic: runtime error: index out of range [5] with length 3

goroutine 34 [running]:
example.com/acme/calls.(*Queue).Pop(0xc000012345, 0x5)
\t/home/li/acme/calls/queue.go:12 +0x1d
main.main.func1()
\t/home/li/acme/main.go:5 +0x1d
created by main.main in goroutine 1
\t/home/li/acme/main.go:4 +0x5a

goroutine 1 [select]:
main.other()
\t/home/li/acme/main.go:50 +0x1d
exit status 2
"""
JAVASCRIPT = """\
/srv/desk/calls.js:10
    throw new CallError('gone')
    ^

CallError [E_GONE]: call 17 is gone
    at Desk.answer (/srv/desk/calls.js:10:11)
    at async run (file:///srv/desk/main.mjs:3:5)
    at new Promise (<anonymous>)
    at process.processTicksAndRejections (node:internal/process/task_queues:95:5) {
  [cause]: Error: socket hung up
      at connect (/srv/desk/link.js:4:1)
}
"""
# Language: the text, the types oldest first, module or file and function where the last one broke.
TRACES = {
    "python": (PYTHON, ["ZeroDivisionError", "RateError"], "work.py:run"),
    "java": (JAVA, ["SQLException", "IllegalStateException"], "com.acme.calls.Router:route"),
    "csharp": (
        CSHARP,
        ["ArgumentNullException", "InvalidOperationException"],
        "Acme.Dialling.Dialler.DialAsync",
    ),
    "go": (GO, ["runtime error: index out of range"], "example.com/acme/calls:(*Queue).Pop"),
    "javascript": (JAVASCRIPT, ["Error", "CallError"], "calls.js:Desk.answer"),
}
