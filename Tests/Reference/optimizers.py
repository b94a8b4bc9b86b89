"""Writes optimizers.json: where each optimizer takes a handful of parameters in 200 steps, in double precision.

    pip install -r requirements.txt && python optimizers.py

The rows come from torch.optim where it has the optimizer, and from restatements of the papers below where it has
not (AdaBound, AMSBound, Lion, and Adam without bias correction).

Nothing but the parameters at some steps is stored. Gradients and starting parameters are the formulas `gradient` and
`start` below, repeated in OptimizerReference.swift; both give dyadic fractions, exact in single and double precision.
The gradients halve every 25 steps and change sign, so that the running maxima of AMSGrad and AMSBound matter.
"""

import json
import math
from pathlib import Path

import torch

# NAdam keeps its product of momenta in the default type, whatever the parameters' is.
torch.set_default_dtype(torch.float64)

ELEMENTS = 6
STEPS = 200
STORED = [1, 2, 3, 10, 50, 100, 150, 200]
LATER = 101  # the step at which a row's learning rate becomes its later one
DRIFT = [7, -6, 5, -4, 3, -2]


def start(element):
    return 2 + element / 4


def gradient(step, element):
    noise = (step * step * (2 * element + 3) + 11 * step + 17 * element) % 41 - 20
    return (noise + DRIFT[element]) / 16 / 2 ** ((step - 1) // 25)


# --- Restatements: each takes (parameters, gradients) per step, as plain lists of floats.


class Rule:
    """State that starts at zero, by name, for every element."""

    def __init__(self, **settings):
        self.__dict__.update(settings)
        self.t = 0
        self.state = [{} for _ in range(ELEMENTS)]

    def step(self, parameters, gradients, rate):
        self.t += 1
        return [
            self.update(self.state[i], parameters[i], gradients[i], rate) for i in range(ELEMENTS)
        ]


class Bounded(Rule):
    """AdaBound and AMSBound: Luo et al. 2019, as the authors' code reads the paper's algorithms 2 and 3."""

    def update(self, s, p, g, rate):
        g = g + self.weight_decay * p
        m = s["m"] = self.beta1 * s.get("m", 0.0) + (1 - self.beta1) * g
        v = s["v"] = self.beta2 * s.get("v", 0.0) + (1 - self.beta2) * g**2
        if self.keeps_maximum:
            v = s["largest"] = max(v, s.get("largest", 0.0))
        corrected = rate * math.sqrt(1 - self.beta2**self.t) / (1 - self.beta1**self.t)
        final = self.final_lr * rate / self.base_rate
        lower = final * (1 - 1 / (self.gamma * self.t + 1))
        upper = final * (1 + 1 / (self.gamma * self.t))
        size = min(max(corrected / (math.sqrt(v) + self.epsilon), lower), upper)
        self.met.add("lower" if size == lower else "upper" if size == upper else "between")
        return p - size * m


class Lion(Rule):
    """Chen et al. 2023, algorithm 2."""

    def update(self, s, p, g, rate):
        m = s.get("m", 0.0)
        c = self.beta1 * m + (1 - self.beta1) * g
        # A sign that hangs on rounding would make the row useless in single precision.
        assert c == 0 or abs(c) > 1e-4 * (abs(m) + abs(g)), (self.t, c)
        s["m"] = self.beta2 * m + (1 - self.beta2) * g
        sign = (c > 0) - (c < 0)
        return p - rate * (sign + self.weight_decay * p)


class UncorrectedAdam(Rule):
    """Kingma and Ba 2015, algorithm 1 without the two corrections (their section 6.4)."""

    def update(self, s, p, g, rate):
        g = g + self.weight_decay * p
        m = s["m"] = self.beta1 * s.get("m", 0.0) + (1 - self.beta1) * g
        v = s["v"] = self.beta2 * s.get("v", 0.0) + (1 - self.beta2) * g**2
        return p - rate * m / (math.sqrt(v) + self.epsilon)


ADAM = {"beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight-decay": 0.0}


def restated(name, settings, rate):
    def rule(kind, defaults, **more):
        values = {**defaults, **settings}
        return kind(**{key.replace("-", "_"): value for key, value in values.items()}, **more)

    if name in ("adabound", "amsbound"):
        defaults = {**ADAM, "final-lr": 0.2, "gamma": 2e-4}
        return rule(Bounded, defaults, base_rate=rate, keeps_maximum=name == "amsbound", met=set())
    if name == "lion":
        return rule(Lion, {"beta1": 0.9, "beta2": 0.99, "weight-decay": 0.0})
    if settings.get("bias-correction") is False:
        return rule(UncorrectedAdam, ADAM)
    return None


# --- torch.optim under the names of Apus.

TORCH = {
    "sgd": (torch.optim.SGD, {}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "adagrad": (torch.optim.Adagrad, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "adadelta": (torch.optim.Adadelta, {}),
    "adam": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {}),
    "adamax": (torch.optim.Adamax, {}),
    "nadam": (torch.optim.NAdam, {}),
    "radam": (torch.optim.RAdam, {}),
    "amsgrad": (torch.optim.Adam, {"amsgrad": True}),
}


def torch_optimizer(name, settings, parameter, rate):
    kind, arguments = TORCH[name]
    arguments = dict(arguments)
    betas = [0.9, 0.999]
    for key, value in settings.items():
        if key in ("beta1", "beta2"):
            betas[int(key[-1]) - 1] = value
            arguments["betas"] = tuple(betas)
        else:
            renamed = {"epsilon": "eps", "lr-decay": "lr_decay", "momentum-decay": "momentum_decay"}
            arguments[renamed.get(key, key.replace("-", "_"))] = value
    return kind([parameter], lr=rate, **arguments)


def trajectory(name, settings, rate, later):
    def rate_at(step):
        return later if later is not None and step >= LATER else rate

    parameters = [start(i) for i in range(ELEMENTS)]
    rule = restated(name, settings, rate)
    if rule is None:
        tensor = torch.tensor(parameters, dtype=torch.float64, requires_grad=True)
        optimizer = torch_optimizer(name, settings, tensor, rate)
    stored = {}
    for step in range(1, STEPS + 1):
        gradients = [gradient(step, i) for i in range(ELEMENTS)]
        if rule is not None:
            parameters = rule.step(parameters, gradients, rate_at(step))
        else:
            optimizer.param_groups[0]["lr"] = rate_at(step)
            tensor.grad = torch.tensor(gradients, dtype=torch.float64)
            optimizer.step()
            parameters = tensor.tolist()
        if step in STORED:
            stored[step] = parameters
    return rule, stored


# --- The rows: optimizer, hyperparameters that differ from the defaults, learning rate, later learning rate.

ROWS = [
    ("sgd", {}, 0.01, None),
    ("sgd", {"weight-decay": 0.1}, 0.01, 0.003),
    ("momentum", {}, 0.002, None),
    ("momentum", {"momentum": 0.5, "weight-decay": 0.1}, 0.005, 0.001),
    ("momentum", {"momentum": 0.8, "dampening": 0.3}, 0.004, None),
    ("nesterov", {}, 0.003, None),
    ("nesterov", {"momentum": 0.5, "weight-decay": 0.1}, 0.005, 0.001),
    ("adagrad", {}, 0.1, None),
    ("adagrad", {"lr-decay": 0.01, "epsilon": 0.1, "weight-decay": 0.05}, 0.1, 0.05),
    ("rmsprop", {}, 0.01, None),
    ("rmsprop", {"alpha": 0.9, "epsilon": 0.01, "weight-decay": 0.05}, 0.01, 0.003),
    ("adadelta", {}, 1.0, None),
    ("adadelta", {"rho": 0.95, "epsilon": 1e-4, "weight-decay": 0.05}, 0.5, 0.2),
    ("adam", {}, 0.01, None),
    ("adam", {"beta1": 0.8, "beta2": 0.9, "epsilon": 0.01, "weight-decay": 0.05}, 0.01, 0.003),
    ("adam", {"bias-correction": False}, 0.004, None),
    ("adam", {"beta1": 0.0, "beta2": 0.99, "bias-correction": False}, 0.005, None),
    ("adamw", {}, 0.01, None),
    ("adamw", {"beta1": 0.8, "beta2": 0.9, "epsilon": 0.01, "weight-decay": 0.3}, 0.01, 0.003),
    ("adamax", {}, 0.01, None),
    ("adamax", {"beta1": 0.8, "beta2": 0.9, "epsilon": 0.01, "weight-decay": 0.05}, 0.01, 0.003),
    ("nadam", {}, 0.01, None),
    ("nadam", {"beta1": 0.8, "beta2": 0.9, "epsilon": 0.01, "weight-decay": 0.05}, 0.01, 0.003),
    ("nadam", {"momentum-decay": 0.3}, 0.01, None),
    ("radam", {}, 0.02, None),
    ("radam", {"beta1": 0.8, "beta2": 0.9, "epsilon": 0.01, "weight-decay": 0.05}, 0.01, 0.003),
    ("amsgrad", {}, 0.01, None),
    ("amsgrad", {"beta1": 0.8, "beta2": 0.9, "epsilon": 0.01, "weight-decay": 0.05}, 0.01, 0.003),
    ("adabound", {}, 0.005, 0.002),
    ("adabound", {"final-lr": 0.1, "gamma": 0.003}, 0.01, None),
    ("adabound", {"final-lr": 0.05, "gamma": 0.01, "beta2": 0.9}, 0.01, 0.003),
    ("adabound", {"beta1": 0.8, "beta2": 0.9, "epsilon": 0.01, "weight-decay": 0.05, "final-lr": 0.1}, 0.01, 0.003),
    ("adabound", {"final-lr": 0.02, "gamma": 0.05}, 0.005, None),
    ("amsbound", {}, 0.005, None),
    ("amsbound", {"final-lr": 0.1, "gamma": 0.01}, 0.01, None),
    ("amsbound", {"final-lr": 0.05, "gamma": 0.01, "beta2": 0.9}, 0.01, 0.003),
    ("amsbound", {"beta1": 0.8, "beta2": 0.9, "epsilon": 0.01, "weight-decay": 0.05, "final-lr": 0.1}, 0.01, 0.003),
    ("amsbound", {"final-lr": 0.005, "gamma": 0.02}, 0.01, None),
    # A dyadic rate: equal steps of any other round the same way each time in single precision, up to 1e-5 in all.
    ("lion", {}, 1 / 256, None),
    ("lion", {"beta1": 0.8, "beta2": 0.95, "weight-decay": 0.3}, 0.01, 0.003),
]


def clipping():
    """Scales of torch.nn.utils.clip_grad_norm_, below, at and above the limit."""
    rows = []
    for values, limit in [([3.0, 4.0], 1.0), ([3.0, 4.0], 5.0), ([3.0, 4.0], 10.0), ([1e-4, 0.0], 2e-5), ([0.0], 1.0)]:
        parameter = torch.zeros(len(values), dtype=torch.float64, requires_grad=True)
        parameter.grad = torch.tensor(values, dtype=torch.float64)
        torch.nn.utils.clip_grad_norm_([parameter], limit)
        rows.append({"gradients": values, "maximum_norm": limit, "clipped": parameter.grad.tolist()})
    return rows


def main():
    rows = []
    bounds_met = {"adabound": set(), "amsbound": set()}
    for name, settings, rate, later in ROWS:
        rule, stored = trajectory(name, settings, rate, later)
        row = {"optimizer": name, "settings": {k: str(v).lower() for k, v in settings.items()}, "learning_rate": rate}
        if later is not None:
            row["later_learning_rate"] = later
        row["parameters"] = {str(step): values for step, values in stored.items()}
        rows.append(row)

        final = stored[STEPS]
        # Away from zero, so that relative errors mean something; moved, so that they are sensitive.
        assert all(abs(p) > 0.3 for p in final), (name, settings, final)
        moved = [abs(p - start(i)) / start(i) for i, p in enumerate(final)]
        assert max(moved) > 0.03, (name, settings, moved)
        if isinstance(rule, Bounded):
            bounds_met[name] |= rule.met

    assert all(met == {"lower", "between", "upper"} for met in bounds_met.values()), bounds_met

    # A row that equals another could not tell their formulas apart.
    def distance(a, b):
        steps = zip(a["parameters"].values(), b["parameters"].values())
        return max(abs(x - y) / abs(x) for p, q in steps for x, y in zip(p, q))

    closest = min((distance(a, b), i, j) for i, a in enumerate(rows) for j, b in enumerate(rows) if i < j)
    difference, i, j = closest
    pair = " and ".join(f"{rows[k]['optimizer']} {rows[k]['settings']}" for k in (i, j))
    print(f"{len(rows)} rows; the closest are {pair}, {difference:.1e} apart")
    assert difference > 5e-4  # 50 times what backends may be off

    output = Path(__file__).with_suffix(".json")
    lines = ",\n".join(json.dumps(row) for row in rows)
    clips = ",\n".join(json.dumps(row) for row in clipping())
    output.write_text(f'{{"torch": "{torch.__version__}",\n"rows": [\n{lines}\n],\n"clipping": [\n{clips}\n]}}\n')


if __name__ == "__main__":
    main()
