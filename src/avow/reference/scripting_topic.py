"""`avow help scripting`: avow in sh, make and CI; `tests/test_scripting.py` runs each of these."""

TEXT = """Scripting

stdout is the answer and nothing else; stderr has one stable line for each fact;
the exit status says who answered (`avow help exit-codes`). Everything here
works in any sh, with or without `set -eu`, and in bash under `set -euo
pipefail`.

Stop where another model answered. Nothing is printed then (--hold), and the
script ends with the status of avow: 10 to 13 for that, 3 to 7 where it failed.

  answer=$(avow --hold "name three colours") || exit
  printf '%s\\n' "$answer"

Take a declared fallback's answer too, and keep a line about it:

  answer=$(avow --accept-fallback "name three colours" 2>> avow.log) || exit
  printf '%s\\n' "$answer"

Ask another model where the first one did not answer itself:

  answer=$(avow --hold "name three colours") || case $? in
    1[0-3]) answer=$(avow --hold -m sonnet "name three colours") || exit ;;
    *) exit "$?" ;;
  esac
  printf '%s\\n' "$answer"

Tell all cases apart:

  status=0
  answer=$(avow "name three colours") || status=$?
  case $status in
    0)  printf '%s\\n' "$answer" ;;
    10) echo "a fallback model answered" >&2 ;;
    11) echo "refused" >&2 ;;
    *)  echo "failed with $status" >&2; exit "$status" ;;
  esac

The same three in a makefile: stop, log, ask another model. No half or empty
file is left, and the next `make` asks again.

  .DELETE_ON_ERROR:
  strict.txt: question.txt; avow --hold < $< > $@
  logged.txt: question.txt; avow --accept-fallback < $< > $@ 2>> avow.log
  either.txt: question.txt; avow --hold < $< > $@ || case $$? in \\
    1[0-3]) avow --hold -m sonnet < $< > $@ ;; *) exit 1 ;; esac

As steps of a job of GitHub Actions, with ANTHROPIC_API_KEY in its `env:`; a
rerouted answer that is taken is a warning on the page of the run:

  steps:
    - run: avow --hold "name three colours" > strict.txt
    - run: |
        status=0
        avow --accept-fallback "name three colours" > logged.txt 2> avow.log ||
          status=$?
        sed 's/^avow: /::warning::/' avow.log
        exit "$status"
    - run: |
        avow --hold "name three colours" > either.txt || case $? in
          1[0-3]) avow --hold -m sonnet "name three colours" > either.txt ;;
          *) exit "$?" ;;
        esac

In GitLab CI the same lines go under `script:`.

The answer on stdout and the JSON object beside it:

  avow --report fd:3 "name three colours" 3> report.json

In a loop, leave the loop's stdin alone:

  while read -r name; do
    avow --no-stdin "describe $name"
  done < names.txt

Run a command after each answer by another model; it gets the JSON object on its
stdin:

  avow config set on_reroute '["sh", "-c", "cat >> reroutes.jsonl"]'

Ask many prompts at once; the exit status is that of the gravest answer, and a
run that was stopped goes on where it was:

  avow run suite.toml --resume -O answers.jsonl

At half the price, where an answer may take up to a day: send them as a batch,
and collect the answers later, in another job. The exit status is that of the
second line. What is refused is asked again, at the ordinary price, under
--fallback; with `--fallback none` it stays refused.

  avow run suite.toml --batch --detach
  avow run suite.toml --resume -O answers.jsonl

Fail a step of GitHub Actions where another model answered one of many prompts:

  steps:
    - run: >-
        avow run suite.toml --at-least 95% --annotate --junit avow.xml
        --summary "$GITHUB_STEP_SUMMARY" -O answers.jsonl

The same for GitLab CI, which shows the report with the merge request:

  audit-models:
    script:
      - avow run suite.toml --at-least 95% --junit avow.xml -O answers.jsonl
    artifacts: {when: always, reports: {junit: avow.xml}}

Try your script without a key, on any outcome you like:

  avow --simulate fallback "anything"
  avow simulate serve --scenario handover
"""
