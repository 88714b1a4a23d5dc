class CustomerTest < ActiveSupport::TestCase
  test "has a name" do
    assert_equal "Ana", Customer.new(name: "Ana").name
  end
end
