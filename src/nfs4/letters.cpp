// SPDX-License-Identifier: MIT
#include "nfs4/letters.hpp"

#include <array>

namespace acefs::nfs4 {
namespace {

using acl::Perm;

struct Pair {
  Perm letter;
  std::uint32_t bit;
};

// RFC 7530, 6.2.1.3.
constexpr std::array kPairs = {
    Pair{Perm::ReadData, 0x000001},        Pair{Perm::WriteData, 0x000002},  Pair{Perm::AppendData, 0x000004},
    Pair{Perm::ReadNamed, 0x000008},       Pair{Perm::WriteNamed, 0x000010}, Pair{Perm::Execute, 0x000020},
    Pair{Perm::DeleteChild, kDeleteChild}, Pair{Perm::ReadAttributes, 0x80}, Pair{Perm::WriteAttributes, 0x000100},
    Pair{Perm::Delete, 0x010000},          Pair{Perm::ReadAcl, 0x020000},    Pair{Perm::AddAce, 0x040000},
    Pair{Perm::ChangeAce, 0x080000},       Pair{Perm::Synchronize, kSynchronize},
};

}  // namespace

std::uint32_t bits_of(acl::AccessMask letters) {
  std::uint32_t bits = 0;
  for (const Pair& pair : kPairs) {
    if (letters.has(pair.letter)) bits |= pair.bit;
  }
  return bits;
}

acl::AccessMask letters_of_bits(std::uint32_t bits) {
  acl::AccessMask letters;
  for (const Pair& pair : kPairs) {
    if ((bits & pair.bit) != 0) letters |= pair.letter;
  }
  return letters;
}

}  // namespace acefs::nfs4
