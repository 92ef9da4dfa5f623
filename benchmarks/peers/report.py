"""Writes a table (Markdown) and a picture (PNG) of compare.py's figures next to their JSON file: report.py FILE.json"""

import json
import sys
from importlib.metadata import version
from pathlib import Path
from statistics import median

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.patches import Patch  # noqa: E402

TASKS = {  # title, unit, the unit in µs
    "seed": ("Training step: 100 features, 32 pairs", "µs", 1),
    "mnist": ("Training step: 784 features, 128 pairs", "µs", 1),
    "pair": ("Distance of one pair", "µs", 1),
    "gallery": ("Embedding of 100,000 samples", "ms", 1000),
}
CORES = {"1": "one core", "2": "two cores"}
PACKAGES = {"JAX": "jax", "PyTorch": "torch", "Keras": "keras", "TensorFlow": "tensorflow-cpu"}
GEMEL_COLORS = {"1": "#0b6e8a", "2": "#6db7c9"}
PEER_COLORS = {"1": "#8b8f94", "2": "#c6c9cd"}


def cpu_model():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "unknown CPU"


def summary(times):
    """Returns {peer: (us, ratio to Gemel)} for a task's {peer: [us of each round]}."""
    gemel = times["Gemel"]
    return {peer: (median(us), median(u / g for u, g in zip(us, gemel))) for peer, us in times.items()}


def three_digits(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def names(summaries):
    """The peers of all summaries, in order of appearance."""
    return list(dict.fromkeys(peer for result in summaries for peer in result))


def table(threads, tasks):
    """Markdown with one row per peer and one column per task; the ratio to Gemel is in brackets."""
    summaries = {task: summary(times) for task, times in tasks.items()}
    titles = [f"{title}, {unit}" for title, unit, _ in (TASKS[task] for task in tasks)]
    rows = [[CORES[threads].capitalize(), *titles], ["---", *("---:" for _ in tasks)]]
    for peer in names(summaries.values()):
        row = [peer]
        for task, result in summaries.items():
            us, ratio = result.get(peer, (None, None))
            row.append("" if us is None else f"{three_digits(us / TASKS[task][2])} ({three_digits(ratio)})")
        rows.append(row)
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def draw_task(axes, task, summaries):
    """One group of bars per peer, one bar per number of cores; summaries: {threads: {peer: (us, ratio)}}."""
    title, unit, scale = TASKS[task]
    peers = names(summaries.values())
    height = 0.84 / len(summaries)
    for k, (threads, result) in enumerate(summaries.items()):
        for peer, (us, ratio) in result.items():
            color = (GEMEL_COLORS if peer == "Gemel" else PEER_COLORS)[threads]
            place = peers.index(peer) + (k - (len(summaries) - 1) / 2) * height
            bar = axes.barh(place, us / scale, 0.9 * height, color=color)
            label = f"{three_digits(us / scale)} {unit}" + ("" if peer == "Gemel" else f"  ({three_digits(ratio)} ×)")
            axes.bar_label(bar, [label], padding=4, fontsize=8.5)
    axes.set_title(title, loc="left", fontsize=11, fontweight="bold")
    axes.set_yticks(range(len(peers)), peers)
    axes.tick_params(left=False, bottom=False, labelbottom=False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.invert_yaxis()
    axes.margins(x=0.3)


def draw(measured, heading, file):
    figure, axes = plt.subplots(2, 2, figsize=(11, 7.6), layout="constrained")
    for place, task in zip(axes.flat, TASKS):
        draw_task(place, task, {threads: summary(tasks[task]) for threads, tasks in measured.items()})
    bars = [Patch(color=PEER_COLORS[threads], label=CORES[threads]) for threads in measured]
    figure.legend(handles=bars, loc="outside upper right", ncols=len(bars), frameon=False)
    figure.suptitle("Time, and in brackets its ratio to Gemel's: shorter is faster", x=0.01, ha="left", fontsize=12)
    figure.supxlabel(heading, x=0.01, ha="left", fontsize=8.5, color="#666666")
    figure.get_layout_engine().set(h_pad=0.12, w_pad=0.12)
    figure.savefig(file, dpi=120)


def main():
    raw = Path(sys.argv[1])
    results = json.loads(raw.read_text())
    versions = ", ".join(f"{name} {version(package)}" for name, package in PACKAGES.items())
    heading = f"{cpu_model()}; {results['compiler']}; {versions}"
    text = "\n\n".join([heading, *(table(threads, tasks) for threads, tasks in results["us"].items())])
    raw.with_suffix(".md").write_text(text + "\n")
    print(text)
    draw(results["us"], heading, raw.with_suffix(".png"))


if __name__ == "__main__":
    main()
