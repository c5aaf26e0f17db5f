#!/usr/bin/env python3
"""Tests of what benchmarks/gpu/run does without a GPU: floors, tables, archives, options."""
import glob
import json
import os
import py_compile
import subprocess
import sys
import tempfile
import unittest
import zipfile
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
sys.dont_write_bytecode = True
LOADER = SourceFileLoader("run", os.path.join(HERE, "run"))
run = module_from_spec(spec_from_loader("run", LOADER))
LOADER.exec_module(run)


def floors(model, bandwidth=3.35e12, rate=798e12):
    return run.Floors(run.shape_of(os.path.join(HERE, "shapes", model)), 512, 128, bandwidth, rate)


class FloorsTest(unittest.TestCase):
    """The figures of the table that the goals were set by, worked out by another program."""

    def test_bytes_are_those_of_the_models(self):
        self.assertAlmostEqual(2 * floors("1B").weights, 2.47e9, delta=5e6)
        self.assertAlmostEqual(2 * floors("8B").weights, 15.01e9, delta=5e6)
        self.assertEqual(floors("1B").kv_bytes_per_token, 32 << 10)
        self.assertEqual(floors("8B").kv_bytes_per_token, 128 << 10)

    def test_decoding_on_an_h100(self):
        for model, rates in (("1B", (1345, 19212, 57248, 113349)),
                             ("8B", (222, 3302, 10770, 24787))):
            for rows, rate in zip((1, 16, 64, 256), rates):
                self.assertAlmostEqual(floors(model).decode_rate(rows), rate, delta=0.6)

    def test_decoding_on_an_h200(self):
        for model, rates in (("1B", (1927, 27528, 82027, 162411)),
                             ("8B", (318, 4731, 15432, 35515))):
            for rows, rate in zip((1, 16, 64, 256), rates):
                self.assertAlmostEqual(floors(model, 4.8e12).decode_rate(rows), rate, delta=0.6)

    def test_prompts_and_whole_runs(self):
        for model, rows, milliseconds, rate in (("1B", 16, 20.3, 16136), ("1B", 256, 325, 53346),
                                                ("8B", 1, 9.0, 219), ("8B", 256, 2315, 9010)):
            self.assertAlmostEqual(floors(model).prompt_seconds(rows) * 1e3, milliseconds,
                                   delta=milliseconds * 0.01)
            self.assertAlmostEqual(floors(model).whole_rate(rows), rate, delta=1)


def result(engine, batch, number, seconds, **more):
    return dict(kind="run", engine=engine, model="1B", batch=batch, prompt=512, output=128,
                round=number, tokens=128 * batch, seconds=seconds, **more)


class TablesTest(unittest.TestCase):
    def setUp(self):
        with open(os.path.join(HERE, "made-up-results.jsonl")) as lines:
            self.results = [json.loads(line) for line in lines]
        self.lines = list(run.tables(self.results))

    def test_the_machine_and_its_limits_come_first(self):
        self.assertEqual(self.lines[0], "made up, no GPU was asked, driver 0.0; Linux; "
                                        "2026-01-01 00:00:00 UTC")
        self.assertEqual(self.lines[3], "read 3.00 TB/s, copy 2.80 TB/s, products 700 Tflop/s")

    def test_versions_are_told(self):
        self.assertEqual(self.lines[1], "weft 0123456789abcdef; made up, no JVM was asked")
        self.assertEqual(self.lines[2], "transformers_batch.py: torch 0.1, transformers 0.2")

    def test_a_run_is_the_median_of_its_rounds(self):
        self.assertIn("| 1 | weft | 640 | 20.0 % | 800 | 66 % | 15.0 | 4.0 |", self.lines)

    def test_what_is_idle_is_a_step_less_the_work_of_the_device(self):
        line = dict(steady_seconds=0.2, steady_device_seconds=0.193, steady_steps=2)
        self.assertAlmostEqual(run.idle_micros(line), 3500)
        self.assertTrue(any("idle of a step, us (goal: < 20)" in line for line in self.lines))

    def test_the_floor_is_that_of_the_measured_bandwidth(self):
        self.assertIn("| 1 | floor | 1,188 | | 1,204 | 100 % | | |", self.lines)

    def test_who_tells_nothing_of_decoding_has_no_share(self):
        self.assertIn("| 1 | transformers, SDPA | 64 | 0.0 % |  |  |  |  |", self.lines)

    def test_memory_and_clock_are_told(self):
        self.assertTrue(any("weft: 10.0 GiB of the device at most, 1980 MHz" in line
                            for line in self.lines))

    def test_what_failed_or_is_missing_is_told(self):
        self.assertIn("left out: torch_static.py  there is no torch", self.lines)
        self.assertFalse(any("did not pass on this GPU" in line for line in self.lines))
        bare = list(run.tables([result("weft", 1, 1, 0.2), dict(kind="check", passed=False)]))
        self.assertIn("The tests did not pass on this GPU before.", bare)
        self.assertIn("The limits of the device were not measured, so there are no floors.", bare)


class VersionsTest(unittest.TestCase):
    def test_a_commit_is_named(self):
        self.assertRegex(run.commit(HERE), "^([0-9a-f]{40}(, changed)?|unknown commit)$")
        with tempfile.TemporaryDirectory() as folder:
            self.assertEqual(run.commit(folder), "unknown commit")

    def test_a_module_has_a_version_or_is_not_there(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "made_up.py"), "w") as file:
                file.write("__version__ = '1.2+x'\n")
            with mock.patch.dict(os.environ, PYTHONPATH=folder):
                self.assertEqual(run.version_of("made_up"), "1.2+x")
        self.assertIsNone(run.version_of("there_is_no_such_module"))

    def test_the_machine_is_described_without_a_gpu(self):
        with tempfile.TemporaryDirectory() as folder:
            java = os.path.join(folder, "jre", "bin", "java")
            os.makedirs(os.path.dirname(java))
            with open(java, "w") as file:
                file.write("#!/bin/sh\necho openjdk 99\necho Runtime 99+1\n")
            os.chmod(java, 0o755)
            with open(os.path.join(folder, run.VERSION), "w") as file:
                file.write("abc, changed\n")
            about = run.machine(folder)
        self.assertEqual((about["weft"], about["java"]), ("abc, changed", "Runtime 99+1"))
        for field in ("gpu", "driver", "system", "python", "time"):
            self.assertIn(field, about)


class ScriptsTest(unittest.TestCase):
    def test_every_script_is_python(self):
        for file in glob.glob(os.path.join(HERE, "*.py")) + [os.path.join(HERE, "run")]:
            with tempfile.TemporaryDirectory() as folder:
                py_compile.compile(file, os.path.join(folder, "x"), doraise=True)

    def test_the_archive_holds_every_script_that_there_is(self):
        others = {"README.md", "test_run.py", "made-up-results.jsonl", "__pycache__"}
        self.assertEqual(set(os.listdir(HERE)) - others, set(run.SCRIPTS))

    def test_what_the_engine_needs_is_not_left_out(self):
        for jar in ("jctools-core-4.0.7", "jctools-core-jdk11-4.0.7", "agrona-2.6.0",
                    "eclipse-collections-13.0.0", "eclipse-collections-api-13.0.0",
                    "jcuda-12.6.0", "jcuda-natives-12.6.0-linux-x86_64", "jqwik-engine-1.9.3",
                    "jqwik-api-1.9.3", "junit-jupiter-engine-5.14.4", "assertj-core-3.27.7"):
            self.assertIsNone(run.LEFT_OUT.search(f"/repository/{jar}.jar"), jar)

    def test_an_unknown_part_is_named(self):
        call = subprocess.run([sys.executable, os.path.join(HERE, "run"), "--parts", "weft,vllm"],
                              capture_output=True, text=True)
        self.assertEqual(call.returncode, 2)
        self.assertIn("not vllm", call.stderr)

    def test_help_tells_every_part(self):
        call = subprocess.run([sys.executable, os.path.join(HERE, "run"), "--help"],
                              capture_output=True, text=True)
        for part in run.PARTS:
            self.assertIn(part, call.stdout)

    def test_cublas_is_found_beside_torch(self):
        with tempfile.TemporaryDirectory() as folder:
            library = os.path.join(folder, "nvidia", "cublas", "lib", "libcublas.so.12")
            for file in (library, os.path.join(folder, "torch", "__init__.py")):
                os.makedirs(os.path.dirname(file))
                open(file, "w").close()
            spec = mock.Mock(origin=os.path.join(folder, "torch", "__init__.py"))
            with mock.patch.object(run.importlib.util, "find_spec", return_value=spec):
                self.assertEqual(run.cublas_of_torch(), library)
        with mock.patch.object(run.importlib.util, "find_spec", return_value=None):
            self.assertIsNone(run.cublas_of_torch())

    def test_a_library_that_is_not_there_is_left_out(self):
        bench = mock.Mock(options=mock.Mock(models="1B", java_options=""))
        bench.serve.return_value = 3
        with mock.patch.object(run, "cublas_of_torch", return_value="/x/libcublas.so.12"):
            run.Bench.library(bench)
        self.assertEqual(bench.options.java_options, " -Dweft.cublas=/x/libcublas.so.12")
        self.assertEqual(bench.note.call_args.kwargs["kind"], "left out")

    def test_a_jar_of_classes_has_its_packages(self):
        with tempfile.TemporaryDirectory() as folder:
            os.makedirs(os.path.join(folder, "classes", "a", "b"))
            for name in ("a/b/C.class", "module-info.class"):
                with open(os.path.join(folder, "classes", name), "w") as file:
                    file.write(name)
            jar = os.path.join(folder, "x.jar")
            run.store_classes(os.path.join(folder, "classes"), jar)
            with zipfile.ZipFile(jar) as stored:
                self.assertEqual(sorted(stored.namelist()), ["a/", "a/b/", "a/b/C.class"])


if __name__ == "__main__":
    unittest.main()
