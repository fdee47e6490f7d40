"""Stops a training whose validation accuracy is too good to be true, and looks at its data.

- Keras 3: ``model.fit(…, callbacks=[splitlint.callbacks.KerasGuard("data")])``
- Lightning: ``Trainer(callbacks=[splitlint.callbacks.LightningGuard("data")])``
- Plain loops::

      guard = splitlint.callbacks.AccuracyGuard("data")
      for epoch in range(epochs):
          …
          if guard.update(accuracy):
              break

Keras and Lightning are imported when their class is first asked for.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any, Dict, Mapping, Optional

from ._errors import SplitlintError, SplitlintWarning
from ._generated import scan
from ._report import Report

#: Names under which frameworks log validation accuracy, the likeliest first.
USUAL = (
    "val_accuracy",
    "val_acc",
    "val_sparse_categorical_accuracy",
    "val_categorical_accuracy",
    "val_binary_accuracy",
    "val/accuracy",
    "val/acc",
    "valid_accuracy",
    "valid_acc",
)


class AccuracyGuard:
    """Watches validation accuracy, whatever trains.

    Args:
        data: What the training uses, as :func:`splitlint.scan` takes it. It is scanned when
            accuracy is too good.
        report: A :class:`splitlint.Report` of the data, shown instead of a scan.
        threshold: The accuracy, 0 to 1, from which on it is too good to be true.
        epochs: So many epochs in a row have to reach it.
        **options: Further keywords for :func:`splitlint.scan`.

    Attributes:
        tripped: Accuracy was too good.
        report: The report, once there is one.
        message: What was printed.

    Raises:
        SplitlintError: ``threshold`` or ``epochs`` make no sense.
    """

    def __init__(
        self,
        data: Any = None,
        *,
        report: Optional[Report] = None,
        threshold: float = 0.999,
        epochs: int = 2,
        **options: Any,
    ) -> None:
        if not 0 < threshold <= 1:
            raise SplitlintError(f"`threshold` is an accuracy from 0 to 1, not {threshold!r}")
        if epochs < 1:
            raise SplitlintError(f"`epochs` is 1 or more, not {epochs!r}")
        self.data = data
        self.report = report
        self.threshold = threshold
        self.epochs = epochs
        self.options = options
        self.tripped = False
        self.message = ""
        self._reached = 0

    def update(self, accuracy: Any) -> bool:
        """Takes the validation accuracy of an epoch.

        Args:
            accuracy: A number from 0 to 1, or anything that ``float()`` takes.

        Returns:
            Whether training should stop. The first time that it does, the data are scanned
            and what was found is printed.
        """
        if self.tripped:
            return True
        value = float(accuracy)
        self._reached = self._reached + 1 if value >= self.threshold else 0
        if self._reached < self.epochs:
            return False
        self.tripped = True
        self._look(value)
        return True

    def _look(self, accuracy: float) -> None:
        lines = [
            f"splitlint: validation accuracy was {accuracy:.4f} and at least {self.threshold:g} "
            f"for {self.epochs} {'epoch' if self.epochs == 1 else 'epochs'} in a row, which is "
            "too good to be true: training is stopped"
        ]
        if self.report is None and self.data is not None:
            try:
                self.report = scan(self.data, **self.options)
            except SplitlintError as error:
                lines.append(f"the data could not be scanned: {error}")
        if self.report is not None:
            lines.append(f"verdict on the data: {self.report.verdict}")
            lines += [f"  {headline.text}" for headline in self.report.headlines]
            lines.append(f"report: {self.report.page}")
        elif self.data is None:
            lines.append("scan the data behind it: `splitlint scan DATA`")
        lines.append(
            'why, and what to check: `splitlint explain stuck-at-one` ("Why is my accuracy stuck '
            'at 1?")'
        )
        self.message = "\n".join(lines)
        print(self.message, file=sys.stderr)


def _accuracy(logs: Mapping[str, Any], monitor: Optional[str]) -> Optional[Any]:
    names = USUAL if monitor is None else (monitor,)
    return next((logs[name] for name in names if name in logs), None)


def _missing(logs: Mapping[str, Any], monitor: Optional[str]) -> None:
    wanted = "validation accuracy" if monitor is None else f"`{monitor}`"
    warnings.warn(
        f"the guard finds no {wanted} among the logged values ({', '.join(sorted(logs))}): name "
        "it with `monitor`",
        SplitlintWarning,
        stacklevel=3,
    )


def _keras_guard() -> type:
    import keras

    class KerasGuard(keras.callbacks.Callback):  # type: ignore[misc]
        """:class:`AccuracyGuard` as a callback of Keras 3.

        Args:
            data: See :class:`AccuracyGuard`.
            monitor: The logged value to watch; the usual names of validation accuracy unless
                given.
            **options: The other arguments of :class:`AccuracyGuard`.

        Attributes:
            guard: The :class:`AccuracyGuard`.
        """

        def __init__(self, data: Any = None, *, monitor: Optional[str] = None, **options: Any):
            super().__init__()
            self.guard = AccuracyGuard(data, **options)
            self.monitor = monitor
            self._warned = False

        def on_epoch_end(self, epoch: int, logs: Optional[Dict[str, Any]] = None) -> None:
            value = _accuracy(logs or {}, self.monitor)
            if value is not None:
                if self.guard.update(value):
                    self.model.stop_training = True
            elif not self._warned:
                self._warned = True
                _missing(logs or {}, self.monitor)

    return KerasGuard


def _lightning_guard() -> type:
    try:
        from lightning.pytorch import Callback
    except ImportError:
        from pytorch_lightning import Callback

    class LightningGuard(Callback):  # type: ignore[misc]
        """:class:`AccuracyGuard` as a callback of PyTorch Lightning 2.

        Args:
            data: See :class:`AccuracyGuard`.
            monitor: The logged value to watch; the usual names of validation accuracy unless
                given.
            **options: The other arguments of :class:`AccuracyGuard`.

        Attributes:
            guard: The :class:`AccuracyGuard`.
        """

        def __init__(self, data: Any = None, *, monitor: Optional[str] = None, **options: Any):
            super().__init__()
            self.guard = AccuracyGuard(data, **options)
            self.monitor = monitor
            self._warned = False

        def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
            if trainer.sanity_checking:
                return
            value = _accuracy(trainer.callback_metrics, self.monitor)
            stop = False
            if value is None:
                if not self._warned:
                    self._warned = True
                    _missing(trainer.callback_metrics, self.monitor)
            elif trainer.is_global_zero:
                # One process scans, and all stop.
                stop = self.guard.update(value)
            if trainer.strategy.broadcast(stop, src=0):
                trainer.should_stop = True

    return LightningGuard


def __getattr__(name: str) -> Any:
    makers = {"KerasGuard": _keras_guard, "LightningGuard": _lightning_guard}
    if name not in makers:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = made = makers[name]()
    made.__qualname__ = name
    made.__module__ = __name__
    return made
