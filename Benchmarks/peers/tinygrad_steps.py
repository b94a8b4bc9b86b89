"""Training steps of Apus's models in tinygrad on OpenCL; see harness.py for the arguments.

Each step is one `TinyJit`: batch, forward, backward and Adam. tinygrad takes the first OpenCL platform's first device.
Inputs wait on the device as bytes and tokens, as in models.py.
"""
import os

os.environ.setdefault("DEV", "CL")

import tinygrad  # noqa: E402
from tinygrad import Device, Tensor, TinyJit, dtypes, nn  # noqa: E402
from tinygrad.helpers import Context  # noqa: E402

import harness  # noqa: E402


class Perceptron:
    def __init__(self):
        self.layers = [nn.Linear(784, 200), nn.Linear(200, 200), nn.Linear(200, 10)]

    def __call__(self, x):
        x = x.flatten(1)
        for layer in self.layers[:-1]:
            x = layer(x).relu()
        return self.layers[-1](x)


class CNN:
    def __init__(self):
        self.convolutions = [nn.Conv2d(1, 32, 3, padding=1), nn.Conv2d(32, 64, 3, padding=1)]
        self.hidden, self.output = nn.Linear(64 * 7 * 7, 128), nn.Linear(128, 10)

    def __call__(self, x):
        for convolution in self.convolutions:
            x = convolution(x).relu().max_pool2d((2, 2))
        return self.output(self.hidden(x.flatten(1)).relu())


class AdamCNN:
    def __init__(self):
        self.convolutions = [nn.Conv2d(i, o, 5, padding=2) for i, o in [(3, 64), (64, 64), (64, 128)]]
        self.hidden, self.output = nn.Linear(128 * 3 * 3, 1000), nn.Linear(1000, 10)

    def __call__(self, x):
        for convolution in self.convolutions:
            x = convolution(x).relu().max_pool2d((3, 3), stride=2)
        return self.output(self.hidden(x.flatten(1)).relu())


class ResidualBlock:
    def __init__(self, inputs, outputs, stride):
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm(outputs)
        self.stride, self.missing = stride, outputs - inputs

    def __call__(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        if self.missing:
            before = self.missing // 2
            x = x[:, :, :: self.stride, :: self.stride].pad((None, (before, self.missing - before), None, None))
        return (y + x).relu()


class ResNet20:
    def __init__(self):
        self.conv, self.bn, self.linear = nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm(16), nn.Linear(64, 10)
        self.blocks, inputs = [], 16
        for stage, width in enumerate((16, 32, 64)):
            for block in range(3):
                self.blocks.append(ResidualBlock(inputs, width, 2 if stage > 0 and block == 0 else 1))
                inputs = width

    def __call__(self, x):
        return self.linear(self.bn(self.conv(x)).relu().sequential(self.blocks).mean((2, 3)))


class VariationalAutoencoder:
    def __init__(self):
        self.encoder, self.mean, self.log_variance = nn.Linear(784, 500), nn.Linear(500, 50), nn.Linear(500, 50)
        self.decoder, self.output = nn.Linear(50, 500), nn.Linear(500, 784)

    def loss(self, x):
        """The negative evidence lower bound, in nats per sample."""
        x = x.flatten(1)
        hidden = self.encoder(x).softplus()
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        latents = mean + (0.5 * log_variance).exp() * Tensor.randn(*mean.shape)
        logits = self.output(self.decoder(latents).softplus())
        reconstruction = logits.binary_crossentropy_logits(x, reduction="sum")
        divergence = 0.5 * (mean * mean + log_variance.exp() - log_variance - 1).sum()
        return (reconstruction + divergence) / x.shape[0]


class Block:
    def __init__(self, width, heads):
        self.norms = [nn.LayerNorm(width), nn.LayerNorm(width)]
        self.attention, self.projection = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)
        self.heads = heads

    def __call__(self, x):
        batch, length, width = x.shape
        parts = self.attention(self.norms[0](x)).reshape(batch, length, 3, self.heads, width // self.heads)
        q, k, v = (parts[:, :, index].transpose(1, 2) for index in range(3))
        y = q.scaled_dot_product_attention(k, v, is_causal=True).transpose(1, 2).reshape(batch, length, width)
        x = x + self.projection(y)
        return x + self.down(self.up(self.norms[1](x)).gelu())


class GPT:
    def __init__(self, context=64, depth=4, heads=4, width=128):
        self.tokens, self.places = nn.Embedding(harness.CHARACTERS, width), Tensor.randn(context, width) * 0.02
        self.blocks, self.norm = [Block(width, heads) for _ in range(depth)], nn.LayerNorm(width)

    def __call__(self, tokens):
        return self.norm((self.tokens(tokens) + self.places).sequential(self.blocks)) @ self.tokens.weight.transpose()


MODELS = {
    "step mlp": Perceptron, "step cnn": CNN, "step adam-cnn": AdamCNN, "step resnet20": ResNet20,
    "step vae": VariationalAutoencoder, "step gpt": GPT,
}


def training_step(name):
    model = MODELS[name]()
    optimizer = nn.optim.Adam(nn.state.get_parameters(model), lr=1e-3)
    batch_size = harness.STEPS[name][0]
    if name == "step gpt":
        length = harness.STEPS[name][1]
        text = Tensor.randint(harness.TEXT, low=0, high=harness.CHARACTERS).realize()

        def loss_of():
            places = Tensor.randint(batch_size, 1, high=harness.TEXT - length - 1) + Tensor.arange(length)
            return model(text[places]).sparse_categorical_crossentropy(text[places + 1])
    else:
        _, channels, side = harness.STEPS[name]
        shape = (harness.SAMPLES, channels, side, side)
        images = Tensor.randint(*shape, low=0, high=256).cast(dtypes.uint8).contiguous().realize()
        labels = Tensor.randint(harness.SAMPLES, low=0, high=10).realize()

        def loss_of():
            places = Tensor.randint(batch_size, high=harness.SAMPLES)
            x = images[places].float() * (1 / 255)
            return model.loss(x) if name == "step vae" else model(x).sparse_categorical_crossentropy(labels[places])

    @TinyJit
    def step():
        with Context(TRAINING=1):
            optimizer.zero_grad()
            loss = loss_of().backward()
            optimizer.step()
            return loss.realize()

    # The first call traces, the second one captures, the third one runs what was captured.
    for _ in range(3):
        step()
    return step


def prepare(name):
    if name not in MODELS:
        return None

    def make():
        return harness.Run(training_step(name), wait=Device[Device.DEFAULT].synchronize, seconds=0.3)

    return {"TinyJit": make}


if __name__ == "__main__":
    harness.main(f"tinygrad {getattr(tinygrad, '__version__', '')} on {Device.DEFAULT}".replace("  ", " "), prepare)
