"""What the experiments about the method share. They use the release build."""
import json
import os
import statistics
import subprocess
import sys
import tempfile

bin_folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), '../../build/release/bin')


# Slices as short as still work, so that an experiment with hundreds of runs ends within the hour. The design
# (looks, control, alpha) is the preset's.
SHORT = ['--slice', '150ms', '--warmup', '30ms', '--only-primary']
STANDARD = ['--preset', 'standard'] + SHORT
QUICK = ['--preset', 'quick'] + SHORT


def compare(options):
    """Runs duelio-compare; returns the records of its results file."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, 'run.jsonl')
        run = subprocess.run([os.path.join(bin_folder, 'duelio-compare'), '--output', file] + options,
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
        if not os.path.exists(file):
            sys.exit(f'duelio-compare ended with {run.returncode}: {run.stderr.strip()}')
        with open(file, encoding='utf-8') as lines:
            return [json.loads(line) for line in lines]


def verdict(run, entry):
    """The primary verdict: its word, and ratio, interval and rounds as text."""
    for record in run:
        if record['type'] == 'verdict' and record['primary'] and record['entry'] == entry:
            if record['low'] is None:
                return record['word'], 'too few rounds'
            return record['word'], (f"{record['ratio']:.3f} [{record['low']:.3f}, {record['high']:.3f}], "
                                    f"{record['rounds']} rounds, control {record['control']}")
    return 'none', 'the run did not end: ' + str(run[-1].get('reason', 'killed'))


def median_cpu_ns(run):
    return statistics.median(slice['phases']['open']['metrics']['server_cpu_per_request_ns']
                             for slice in run if slice['type'] == 'slice' and slice['valid'])


def is_running(pid):
    """Whether it is there and no zombie, which only waits for init to take note."""
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8') as stat:
            return stat.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


def children_of(pid):
    found = []
    for name in os.listdir('/proc'):
        if name.isdigit():
            try:
                with open(f'/proc/{name}/stat', encoding='utf-8') as stat:
                    if int(stat.read().rsplit(')', 1)[1].split()[1]) == pid:
                        found.append(int(name))
            except OSError:
                pass
    return found
