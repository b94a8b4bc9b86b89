"""Files of the form of MNIST, CIFAR-10 and a text, with random contents: nothing is downloaded.

The training sets are as large as those are; the validation sets are small, since PyTorch's runs do without one.
"""
import os
import random
import struct

BATCH = 10_000
VALIDATION = 500


def write(folder):
    """Writes the files into a folder and returns Apus's data set by model."""
    numbers = random.Random(1)
    for stem, count in (("train", 60_000), ("t10k", VALIDATION)):
        with open(os.path.join(folder, f"{stem}-images-idx3-ubyte"), "wb") as file:
            file.write(struct.pack(">IIII", 0x803, count, 28, 28) + numbers.randbytes(count * 784))
        with open(os.path.join(folder, f"{stem}-labels-idx1-ubyte"), "wb") as file:
            file.write(struct.pack(">II", 0x801, count) + bytes(index % 10 for index in range(count)))
    cifar = os.path.join(folder, "cifar-10-batches-bin")
    os.makedirs(cifar, exist_ok=True)
    for name, count in [(f"data_batch_{number}", BATCH) for number in range(1, 6)] + [("test_batch", VALIDATION)]:
        with open(os.path.join(cifar, name + ".bin"), "wb") as file:
            file.write(b"".join(bytes([row % 10]) + numbers.randbytes(3072) for row in range(count)))
    # 65 characters, every one of them in the text.
    characters = [chr(ord(" ") + index) for index in range(65)]
    path = os.path.join(folder, "text.txt")
    with open(path, "w") as file:
        file.write("".join(characters) + "".join(numbers.choices(characters, k=1_100_000)))
    return {
        "mlp": "mnist", "cnn": "mnist", "vae": "mnist", "adam-cnn": "cifar10", "resnet20": "cifar10", "gpt": f"text:{path}",
    }
