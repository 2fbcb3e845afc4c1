"""`clgan bench`, `tune` and --profile from end to end."""
import json
import os
import re

from harness import BENCH, FACES, TINY, call, path, read


def bench_json(*words, env=None):
    """What `clgan bench --json` says of a small model."""
    lines = call("bench", *BENCH, "--json", *words, env=env).stdout.splitlines()
    assert len(lines) == 1, f"not one line: {lines}"
    return json.loads(lines[0])


def positive(facts, fields):
    for field in fields.split():
        assert field in facts, f"{field} is missing in {facts}"
        assert 0 < facts[field] < 1e12, f"{field} is {facts[field]}"


def test_bench_prints_one_line_of_json():
    facts = bench_json("--steps", "2", "--warmup", "1")
    positive(facts, "size channels z ngf ndf batch step_ms best_ms images_per_s gflops fraction_of_peak "
                    "memory_mib peak_rss_mib start_s peak_gflops peak_gb_per_s")
    assert facts["device"] and facts["batch"] == 4, f"odd: {facts}"
    assert facts["best_ms"] <= facts["step_ms"], f"odd times: {facts}"
    assert "ops" not in facts and "generate" not in facts and "data" not in facts, f"too much: {facts}"


# Multiply-adds of a 16x16x3 model with 8 maps, by hand: 8x8 places, 4x4x3 taps, 8 maps; and so on.
LEVELS = {"16x16x3 - 8x8x8, 4x4/2": 64 * 48 * 8, "8x8x8 - 4x4x16, 4x4/2": 16 * 128 * 16,
          "4x4x16 - 1x1x1, 4x4/1": 256, "4x4x16 - 1x1x100, 4x4/1": 256 * 100}
# Operation, shape, calls in a step: D's three forward passes, two of them with all gradients; G's one.
STEP_OPS = [("conv forward", 4, 4, 3, 0), ("conv data grad", 2, 4, 3, 1), ("conv filter grad", 3, 3, 2, 1)]


def test_bench_times_every_operation():
    facts = bench_json("--what", "ops", "--steps", "1")
    positive(facts, "peak_gflops peak_gb_per_s ops_ms")
    rows = {(row["op"], row["shape"]): row for row in facts["ops"]}
    assert len(rows) == len(facts["ops"]), "an operation is there twice"
    for op, *counts in STEP_OPS:
        for (shape, macs), calls in zip(LEVELS.items(), counts):
            row = rows.pop((op, shape), None)
            assert (row["calls"] if row else 0) == calls, f"{op} {shape}: {calls} calls expected, not {row}"
            if row:
                positive(row, "ms gflop gflops gb_per_s fraction_of_peak fraction_of_bandwidth")
                assert row["variant"], f"no variant: {row}"
                assert abs(row["gflop"] * 1e9 - 2 * 4 * macs) < 1, f"{2 * 4 * macs} FLOPs expected: {row}"
    # Adam goes over a net's parameters with the padding between them.
    adam = sorted(int(shape.split()[0]) for op, shape in rows if op == "Adam")
    described = sorted(int(total) for total in re.findall(r"total +(\d+)", call("describe", *BENCH).stdout))
    assert len(adam) == 2 and all(n <= values < n + 500 for n, values in zip(described, adam)), f"{adam}, {described}"
    rest = sorted((op, shape, row["calls"]) for (op, shape), row in rows.items()
                  if op != "Adam" and "work-items" not in shape)
    pairs = [("activation", "16x16x3", 1), ("activation", "8x8x8", 3),
             ("batch norm", "4x4x16", 4), ("batch norm", "8x8x8", 1)]
    expected = pairs + [(op + " grad", shape, calls) for op, shape, calls in pairs]
    assert rest == sorted(expected), f"the others are {rest}"
    kernels = [(op, row["calls"]) for (op, shape), row in rows.items() if "work-items" in shape]
    assert sorted(kernels) == [("bce", 3), ("copy", 2), ("dot_parts", 1), ("dot_parts", 1), ("sum_parts", 2)]
    forced = bench_json("--what", "ops", "--steps", "1", "--variant", "conv=plain")["ops"]
    assert {row["variant"] for row in forced if row["op"].startswith("conv")} == {"plain"}, f"not plain: {forced}"
    total = sum(row["ms"] * row["calls"] for row in facts["ops"])
    assert abs(total / facts["ops_ms"] - 1) < 0.01, f"{total} ms in rows, {facts['ops_ms']} in all"


def test_bench_draws_and_loads():
    facts = bench_json("--what", "generate", "--steps", "2")["generate"]
    positive(facts, "batch batch_ms images_per_s latency_ms")
    assert facts["latency_ms"] < facts["batch_ms"] * 4, f"one picture takes longer than 64: {facts}"
    nowhere = {"CLGAN_DEVICE": "nonsense"}
    facts = bench_json("--what", "data", env=nowhere)
    assert facts["data"]["source"] == "builtin:faces" and "device" not in facts, f"odd: {facts}"
    call("data", "--out", path("faces"), "--n", "6", "--size", "32")
    facts = bench_json("--what", "data", "--data", path("faces"), "--threads", "1", env=nowhere)["data"]
    positive(facts, "images_per_s threads")
    call("bench", *BENCH, "--what", "data", "--data", path("nowhere"), code=4, says="nowhere")


def test_bench_speaks_in_words():
    done = call("bench", *BENCH, "--what", "all", "--steps", "1")
    for word in ["device ", "model ", "peaks ", "step ", "memory ", "start ", "operation ", "conv forward ",
                 "generate ", "data "]:
        assert any(line.startswith(word) for line in done.stdout.splitlines()), f"no {word} in\n{done.stdout}"
    call("bench", "--what", "everything", code=2, says=["step", "ops", "generate", "data or all"])
    call("bench", "--what", "ops", "--batch", "65536", "--size", "256", code=2, says="batch 65536: must be between 1 and")


def test_profile_prints_a_table():
    call("train", *FACES, *TINY, "--steps", "2", "--out", path("p"), "--profile", says=["GFLOP/s", "loader:"])


def test_tune_finds_what_the_others_take():
    bench = ["bench", *BENCH, "--steps", "1", "--warmup", "0"]
    facts = json.loads(call("tune", *BENCH, "--time", "20", "--json").stdout)
    rows = facts["convolutions"]
    assert len(rows) > 9 and rows[0]["operation"] == "forward" and rows[0]["uses"] > 0, f"odd rows: {rows[:2]}"
    assert any(row["tried"] > 1 and row["best"]["ms"] <= row["rule"]["ms"] for row in rows), f"no find: {rows}"
    assert not any(row["refused"] for row in rows), f"variants that are wrong: {rows}"
    lines = read(facts["file"]).decode().splitlines()
    assert lines[0].startswith("# clgan") and len(lines) > 1, f"the table: {lines}"
    found = [line for line in lines[1:] if not line.startswith("clblast ")]  # GPUs have such a line, too
    loaded = f"tuned convolutions: {len(found)}, from {facts['file']}"
    call(*bench, "--verbose", says=loaded)
    assert loaded not in call(*bench, "--verbose", "--no-tuning").stderr, "--no-tuning takes the table"
    call("train", *FACES, *BENCH, "--steps", "2", "--out", path("tuned"), says="(step 2)")
    text = call("tune", *BENCH, "--time", "1", says=["gain", facts["file"]]).stdout
    assert all(row["shape"] in text for row in rows), f"a shape is missing in:\n{text}"
    assert len(read(facts["file"]).decode().splitlines()) >= len(lines), "earlier lines are gone"
    with open(facts["file"], "a") as file:
        file.write("forward of nothing\n")
    call(*bench, "--verbose", says=[loaded.split(":")[0], "malformed"])
    call("tune", "--reset", says=["removed", facts["file"]])
    call("tune", "--reset", says="nothing")
    assert not os.path.exists(facts["file"]), "the table is still there"
