#include "gemel/io/npy_header.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "catch.hpp"
#include "mentions.hpp"

using namespace gemel;

namespace {

detail::NpyHeader parse_header(std::string_view text) {
  const std::string name = "some.npy";
  return detail::NpyHeaderParser{text, name}.parse();
}

std::string header_refusal(std::string_view text) {
  try {
    parse_header(text);
  } catch (const FormatError& error) {
    CHECK(error.place().file == "some.npy");
    return error.what();
  }
  return "read";
}

std::string header_with_type(const std::string& type) {
  return "{'descr': " + type + ", 'fortran_order': False, 'shape': (3, 4), }";
}
std::string header_with_order(const std::string& order) {
  return "{'descr': '<f4', 'fortran_order': " + order + ", 'shape': (3, 4), }";
}
std::string header_with_shape(const std::string& shape) {
  return "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + ", }";
}

}  // namespace

TEST_CASE("A header is read with its entries in any order, and with any spaces and quotes", "[npy_header]") {
  for (const std::string_view text : {
           "{'descr': '>f8', 'fortran_order': True, 'shape': (3, 4), }            \n",
           "{'shape':(3,4),'fortran_order':True,'descr':'>f8'}",
           " \t{\n\"fortran_order\" : True , \"descr\" :\t\">f8\",'shape': ( 3 , 4 , ) } ",
           "{'descr': '>f8', 'fortran_order': True, 'shape': (3L, 4L), }",  // written by Python 2
       }) {
    const detail::NpyHeader header = parse_header(text);
    CHECK(header.kind == 'f');
    CHECK(header.bytes == 8);
    CHECK(header.big_endian);
    CHECK(header.fortran);
    CHECK(header.shape == std::vector<Index>{3, 4});
  }
}

TEST_CASE("A header describes type, order and shape", "[npy_header]") {
  for (const std::string type : {"i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"}) {
    for (const std::string order : {"<", ">"}) {
      const detail::NpyHeader header = parse_header(header_with_type("'" + order + type + "'"));
      CHECK(header.kind == type[0]);
      CHECK(header.bytes == type[1] - '0');
      CHECK(header.big_endian == (order == ">"));
    }
  }
  CHECK(parse_header(header_with_type("'|u1'")).bytes == 1);
  CHECK(parse_header(header_with_type("'|i1'")).kind == 'i');
  CHECK_FALSE(parse_header(header_with_order("False")).fortran);
  CHECK(parse_header(header_with_shape("()")).shape.empty());
  CHECK(parse_header(header_with_shape("(0,)")).shape == std::vector<Index>{0});
  CHECK(parse_header(header_with_shape("(2147483647, 1, 2)")).shape == std::vector<Index>{2147483647, 1, 2});
}

TEST_CASE("A header of another type is rejected, and its type named", "[npy_header]") {
  CHECK(mentions(header_refusal(header_with_type("'|O'")),
                 "its header's 'descr' is '|O' (Python objects), but only integers"));
  CHECK(mentions(header_refusal(header_with_type("'<U7'")), "'<U7' (strings)"));
  CHECK(mentions(header_refusal(header_with_type("'|S7'")), "'|S7' (strings)"));
  CHECK(mentions(header_refusal(header_with_type("'<c8'")), "'<c8' (complex numbers)"));
  CHECK(mentions(header_refusal(header_with_type("'|b1'")), "'|b1' (booleans)"));
  CHECK(mentions(header_refusal(header_with_type("'<M8[ns]'")), "'<M8[ns]' (dates or times)"));
  CHECK(mentions(header_refusal(header_with_type("'|V8'")), "'|V8' (a structured type)"));
  CHECK(mentions(header_refusal(header_with_type("[('x', '<f4'), ('y', '<i4')]")), "'descr' is a structured type"));
  CHECK(mentions(header_refusal(header_with_type("('<f4', (2, 2))")), "'descr' is a structured type"));
  for (const std::string type :
       {"<f2", "<f16", "<f1", "<i3", "<i16", "<u0", "<f", "<", "", "f4", "<f4x", "<x4", "<i01"}) {
    CHECK(mentions(header_refusal(header_with_type("'" + type + "'")),
                   "its header's 'descr' is '" + type + "', but only"));
  }
  for (const std::string type : {"|f4", "=f4", " f4", "|i2", "=u1"}) {
    CHECK(mentions(header_refusal(header_with_type("'" + type + "'")),
                   "'" + type + "', which does not begin with a byte order"));
  }
}

TEST_CASE("A header that is not a dictionary of the three entries is rejected", "[npy_header]") {
  CHECK(mentions(header_refusal(""), "it has its end where '{' should be"));
  CHECK(mentions(header_refusal("   \n"), "it has its end where '{' should be"));
  CHECK(mentions(header_refusal("[1, 2]"), "it has '[1, 2]' where '{' should be"));
  CHECK(mentions(header_refusal("{}"), "its header lacks the entry 'descr'"));
  CHECK(mentions(header_refusal("{,}"), "where the name of an entry in quotes should be"));
  CHECK(mentions(header_refusal("{'descr': '<f4', 'shape': (3,)}"), "lacks the entry 'fortran_order'"));
  CHECK(mentions(header_refusal("{'descr': '<f4', 'fortran_order': False}"), "lacks the entry 'shape'"));
  CHECK(mentions(header_refusal("{'descr': '<f4', 'descr': '<f8'}"), "the entry 'descr' twice"));
  CHECK(mentions(header_refusal("{'fortran_order': True, 'fortran_order': True}"), "the entry 'fortran_order' twice"));
  CHECK(mentions(header_refusal("{'shape': (1,), 'shape': (1,)}"), "the entry 'shape' twice"));
  CHECK(mentions(header_refusal("{'order': 'C'}"), "the entry 'order', which is none of"));
  CHECK(mentions(header_refusal("{'descr' '<f4'}"), "where ':' should be"));
  CHECK(mentions(header_refusal("{descr: '<f4'}"), "where the name of an entry in quotes should be"));
  CHECK(mentions(header_refusal("{'descr': '<f4\""), "where a type in quotes should be"));
  CHECK(mentions(header_refusal("{'descr': 4}"), "where a type in quotes should be"));
  CHECK(mentions(header_refusal("{'descr': '<f4' 'shape': (3,)}"), "where '}' should be"));
  CHECK(mentions(header_refusal(header_with_type("'<f4'") + "x"), "it has 'x' where nothing should be"));
  CHECK(mentions(header_refusal(header_with_type("'<f4'") + header_with_type("'<f4'")), "where nothing should be"));
  CHECK(mentions(header_refusal(std::string(header_with_type("'<f4'")) + '\0'), "it has '?' where nothing should be"));
  for (const std::string order : {"true", "1", "'True'", "None", ""}) {
    CHECK(mentions(header_refusal(header_with_order(order)), "where True or False in 'fortran_order' should be"));
  }
  CHECK(mentions(header_refusal(header_with_order("Trueish")), "where '}' should be"));
}

TEST_CASE("A header with an invalid shape is rejected", "[npy_header]") {
  CHECK(mentions(header_refusal(header_with_shape("(3)")), "'shape' is a number in parentheses, not a tuple"));
  CHECK(mentions(header_refusal(header_with_shape("3")), "where '(' should be"));
  CHECK(mentions(header_refusal(header_with_shape("[3, 4]")), "where '(' should be"));
  CHECK(mentions(header_refusal(header_with_shape("(3 4)")), "where a comma in 'shape' should be"));
  CHECK(mentions(header_refusal(header_with_shape("(,)")), "where a whole number in 'shape' should be"));
  CHECK(mentions(header_refusal(header_with_shape("(3,,4)")), "where a whole number in 'shape' should be"));
  CHECK(mentions(header_refusal(header_with_shape("(3, x)")), "where a whole number in 'shape' should be"));
  CHECK(mentions(header_refusal(header_with_shape("(3.5, 4)")), "where a comma in 'shape' should be"));
  CHECK(mentions(header_refusal(header_with_shape("(+3, 4)")), "where a whole number in 'shape' should be"));
  CHECK(mentions(header_refusal(header_with_shape("(3, -4)")), "its header's 'shape' has the negative number -4"));
  CHECK(mentions(header_refusal(header_with_shape("(9223372036854775808, 1)")),
                 "9223372036854775808, more than this machine holds"));
  CHECK(mentions(header_refusal(header_with_shape("(99999999999999999999999999999999999999999999999999, 1)")),
                 "9…, more than"));
  CHECK(mentions(header_refusal("{'shape': (3, 4"), "it has its end where a comma in 'shape' should be"));
}
