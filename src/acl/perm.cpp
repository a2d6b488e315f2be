// SPDX-License-Identifier: MIT
#include "acefs/acl/perm.hpp"

#include <array>

namespace acefs::acl {
namespace {

// cs3org/reva v2.27.7 ace.go:440-502, then the letters that reva does not know.
constexpr std::string_view kStoredOrder = "txrwadCcoOuUPvVqDTnNy";
static_assert(kStoredOrder.size() == kLetters.size());
static_assert(kLetters.size() == kPermCount);

/// Bit of each byte, 0 for the bytes that are no letter.
constexpr std::array<std::uint32_t, 256> kBits = [] {
  std::array<std::uint32_t, 256> bits{};
  for (std::size_t i = 0; i < kLetters.size(); ++i) bits[static_cast<unsigned char>(kLetters[i])] = 1u << i;
  return bits;
}();

constexpr std::uint32_t bit_of(char letter) { return kBits[static_cast<unsigned char>(letter)]; }

std::string in_order(std::string_view order, AccessMask mask) {
  std::string letters;
  for (char letter : order) {
    if ((mask.bits() & bit_of(letter)) != 0) letters += letter;
  }
  return letters;
}

}  // namespace

std::optional<Perm> perm_of(char letter) {
  if (bit_of(letter) == 0) return std::nullopt;
  return static_cast<Perm>(bit_of(letter));
}

AccessMask mask_of(std::string_view letters) {
  std::uint32_t bits = 0;
  for (char letter : letters) bits |= bit_of(letter);
  return AccessMask::from_bits(bits);
}

std::string letters_of(AccessMask mask) { return in_order(kLetters, mask); }

std::string stored_letters_of(AccessMask mask) { return in_order(kStoredOrder, mask); }

}  // namespace acefs::acl
