"""Operators that a graph from a file may use: standard ONNX arithmetic and rearrangement.

Control flow (If, Loop, Sequence*), random numbers, strings, training, quantisation, image decoding
and custom domains are left out on purpose. Scan is allowed beside them, because it repeats
arithmetic once for each frame of its inputs and so always ends.
"""

from __future__ import annotations

_ELEMENTWISE = """
    Abs Acos Acosh Add And Asin Asinh Atan Atanh Cast CastLike Ceil Celu Clip Cos Cosh Div Elu Equal Erf Exp Floor Gelu
    Greater GreaterOrEqual HardSigmoid HardSwish Identity LeakyRelu Less LessOrEqual Log Max Mean Min Mish Mod Mul Neg Not
    Or PRelu Pow Reciprocal Relu Round Selu Sigmoid Sign Sin Sinh Softplus Softsign Sqrt Sub Sum Swish Tan Tanh
    ThresholdedRelu Where Xor
"""
_SHAPES = """
    Concat Constant ConstantOfShape DepthToSpace Expand Flatten Gather GatherElements Pad Range Reshape Shape Size Slice
    SpaceToDepth Split Squeeze Tile Transpose Trilu Unsqueeze
"""
_NETWORKS = """
    ArgMax ArgMin AveragePool BatchNormalization Conv ConvTranspose CumSum DFT Einsum Gemm GlobalAveragePool
    GroupNormalization InstanceNormalization LayerNormalization LogSoftmax LpNormalization MatMul MaxPool RMSNormalization
    ReduceL1 ReduceL2 ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Softmax TopK
"""
SCAN = "Scan"
ALLOWED = frozenset(f"{_ELEMENTWISE} {_SHAPES} {_NETWORKS}".split())
